// How often the page has changed, counted in the page itself from its beginning, in open shadow roots too; so that waiting is
// for a change and not for a time. Where the count begins is another number for each document, so that no count of one is taken
// for the same count of the next.

const frame = requestAnimationFrame.bind(window);
const [later, never] = [setTimeout.bind(window), clearTimeout.bind(window)];
const listeners = new Set();
const WATCHED = { subtree: true, childList: true, attributes: true, characterData: true };
let count = Math.floor(Math.random() * 2 ** 30);

const observer = new MutationObserver((records) => {
  count += 1;
  for (const { addedNodes } of records) addedNodes.forEach(watchInside);
  for (const listener of [...listeners]) listener();
});
const watched = new WeakSet();

/** Count the changes in a document or shadow root too. */
export const watch = (root) => {
  if (watched.has(root)) return;
  watched.add(root);
  observer.observe(root, WATCHED);
  watchInside(root);
};

function watchInside(node) {
  if (node.shadowRoot) watch(node.shadowRoot);
  node.querySelectorAll?.("*").forEach((one) => one.shadowRoot && watch(one.shadowRoot));
}

/** How often the page has changed by now. */
export const changes = () => count;

/** Wait, but no longer than `limit` milliseconds, until the page has changed since it had changed `known` times. */
export const awaitChange = ([known, limit]) => new Promise((done) => {
  if (count !== known) return done(count);
  const finish = () => {
    never(timer);
    listeners.delete(finish);
    done(count);
  };
  const timer = later(finish, limit);
  listeners.add(finish);
});

/** Wait some milliseconds. */
export const rest = (time) => new Promise((done) => later(done, time));

/** Wait until the page has not changed for `rest` milliseconds; false when it never does within `limit` milliseconds. */
export const awaitRest = ([rest, limit]) => new Promise((done) => {
  const finish = (quiet) => {
    never(timer);
    never(end);
    listeners.delete(again);
    done(quiet);
  };
  let timer = later(finish, rest, true);
  const end = later(finish, limit, false);
  const again = () => {
    never(timer);
    timer = later(finish, rest, true);
  };
  listeners.add(again);
});

// How long an animation still runs, in milliseconds; a spinner never ends, and what fades, slides or closes does.
const left = (one) => {
  const { endTime = Infinity, localTime } = one.effect?.getComputedTiming() ?? {};
  return (endTime - localTime) / Math.abs(one.playbackRate);
};

/**
 * Bring to its end what moves on the page and would end within `limit` milliseconds; the page hears of that as if it had been
 * waited for. Says whether anything moved that will come to an end.
 */
export const endMotion = (limit) => {
  const moving = document.getAnimations().filter((one) => one.playState === "running" && Number.isFinite(left(one)));
  moving.filter((one) => left(one) <= limit).forEach((one) => one.finish());
  return moving.length > 0;
};

/** Wait until nothing on the page moves that will come to an end, but no longer than `limit` milliseconds. */
export const awaitCalm = (limit) => new Promise((done) => {
  const began = performance.now();
  const look = () => {
    const remaining = limit - (performance.now() - began);
    if (remaining <= 0 || !endMotion(remaining)) return done(count);
    frame(look);
  };
  frame(() => frame(look));
});
