// How often the page has changed, counted in the page itself from its beginning, in open shadow roots too; so that waiting is
// for a change and not for a time. Where the count begins is another number for each document, so that no count of one is taken
// for the same count of the next.

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
const roots = new Set(); // the same ones, each by a weak reference

/** Count the changes in a document or shadow root too. */
export const watch = (root) => {
  if (watched.has(root)) return;
  watched.add(root);
  roots.add(new WeakRef(root));
  observer.observe(root, WATCHED);
  watchInside(root);
};

function watchInside(node) {
  if (node.shadowRoot) watch(node.shadowRoot);
  node.querySelectorAll?.("*").forEach((one) => one.shadowRoot && watch(one.shadowRoot));
}

/** Every document and shadow root that is watched and on the page. */
export const watchedRoots = () => [...roots].flatMap((reference) => {
  const root = reference.deref();
  if (!root) roots.delete(reference);
  return root?.isConnected ? [root] : [];
});

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
