// What the pages of the console do in the browser, besides following what happens: the reader's own time beside UTC,
// keys, and pictures that enlarge. Everything works without it.
"use strict";
(() => {
  const get = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // --- The reader's own time, beside UTC ---
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const here = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const beside = (within) => {
    for (const time of all("time[datetime]:not([data-done])", within)) {
      time.dataset.done = "";
      if (!new Date(time.dateTime).getTimezoneOffset()) continue;
      const local = document.createElement("span");
      local.className = "local";
      local.textContent = ` (${here.format(new Date(time.dateTime))} here)`;
      time.append(local);
    }
  };
  const named = document.querySelector("[data-zone]");
  if (named && new Date().getTimezoneOffset()) named.textContent = `, with ${zone} beside`;
  for (const keys of all(".keys")) keys.hidden = false;

  // --- Rows: j, k, Enter, x ---
  let current = "";
  const rows = () => all("tr:has(.row-link)");
  const mark = () => {
    for (const row of rows()) row.classList.toggle("current", row.querySelector(".row-link").getAttribute("href") === current);
  };
  const move = (by) => {
    const list = rows();
    if (!list.length) return;
    const focused = list.findIndex((row) => row.contains(document.activeElement));
    const marked = list.findIndex((row) => row.classList.contains("current"));
    const from = focused >= 0 ? focused : marked;
    const to = from < 0 ? (by > 0 ? 0 : list.length - 1) : Math.max(0, Math.min(list.length - 1, from + by));
    const link = list[to].querySelector(".row-link");
    current = link.getAttribute("href");
    link.focus();
    mark();
    list[to].scrollIntoView({ block: "nearest" });
  };
  const choose = () => {
    const row = rows().find((one) => one.contains(document.activeElement)) ?? rows().find((one) => one.classList.contains("current"));
    const box = row?.querySelector("input[type=checkbox]");
    if (box) box.click();
  };

  document.addEventListener("keydown", (event) => {
    const writing = event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select");
    if (event.key === "Escape" && writing) writing.blur();
    if (writing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const way = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
    if (event.key === "/") {
      const search = document.querySelector("main input[type=search]");
      if (!search) return;
      search.focus();
      search.select();
    } else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "x") choose();
    else if (event.key === "?") get("keys").showModal();
    else if (way) way.click();
    else return;
    event.preventDefault();
  });

  // --- Choosing every row ---
  document.addEventListener("change", (event) => {
    const every = event.target.closest("input[data-every]");
    if (every) for (const box of all(`input[name="${every.dataset.every}"]`)) box.checked = every.checked;
  });

  // --- Pictures that enlarge ---
  const viewer = get("viewer");
  if (viewer) {
    const picture = get("viewer-picture");
    const frame = get("viewer-frame");
    const shots = () => all("a.shot");
    let place = 0;
    const show = (to) => {
      const list = shots();
      if (to < 0 || to >= list.length) return;
      place = to;
      picture.src = list[to].href;
      picture.alt = list[to].dataset.label;
      frame.scrollTop = 0;
      get("viewer-label").textContent = `${list[to].dataset.label}, ${to + 1} of ${list.length}`;
      get("previous").disabled = to === 0;
      get("next").disabled = to === list.length - 1;
    };
    document.addEventListener("click", (event) => {
      const shot = event.target.closest("a.shot");
      if (!shot || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      show(shots().indexOf(shot));
      viewer.showModal();
      get("close").focus();
    });
    picture.addEventListener("load", () => {
      frame.classList.toggle("tall", picture.naturalHeight > 1.5 * picture.naturalWidth);
    });
    get("previous").addEventListener("click", () => show(place - 1));
    get("next").addEventListener("click", () => show(place + 1));
    get("close").addEventListener("click", () => viewer.close());
    frame.addEventListener("click", () => viewer.close());
    viewer.addEventListener("close", () => shots()[place]?.focus());
    viewer.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") show(place - 1);
      if (event.key === "ArrowRight") show(place + 1);
    });
  }

  // --- What is put in later ---
  const settle = () => {
    beside(document);
    mark();
  };
  document.addEventListener("htmx:after:swap", settle);
  settle();
})();
