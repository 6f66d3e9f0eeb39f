// What a person can see of a page: put before every script that reads one (bot/admin/scripts.py).

// Icon fonts draw pictures with characters of the private-use area; nobody reads them as words.
const squeeze = (text) => (text ?? "").replace(/[\ue000-\uf8ff]/g, "").replace(/[\s\u00a0]+/g, " ").trim();

// A box that is only there for what is in it (display: contents) draws none itself, and is seen where its parent is.
const shown = (element) => {
  if (element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return true;
  const { display, visibility } = getComputedStyle(element);
  return display === "contents" && visibility === "visible" && Boolean(element.parentElement) && shown(element.parentElement);
};

// The box that a piece of text stands in: the nearest that is not drawn within a line.
const boxOf = (element) => {
  while (element.parentElement && ["inline", "contents"].includes(getComputedStyle(element).display))
    element = element.parentElement;
  return element;
};
