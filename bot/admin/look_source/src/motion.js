// What moves on a page, in open shadow roots too: what fades, slides or closes comes to an end, a spinner does not.

import { changes, watchedRoots } from "./changes.js";

const frame = requestAnimationFrame.bind(window);

const running = () => watchedRoots().flatMap((root) => root.getAnimations()).filter((one) => one.playState === "running");

// How long an animation still runs, in milliseconds.
const left = (one) => {
  const { endTime = Infinity, localTime } = one.effect?.getComputedTiming() ?? {};
  return (endTime - localTime) / Math.abs(one.playbackRate);
};
const ends = (one) => Number.isFinite(left(one));

/**
 * Pause what moves without an end. Nothing is learned from a spinner that turns, and drawing it takes from the processor what
 * the page, or another worker's, needs.
 */
export const pauseSpinners = () => running().filter((one) => !ends(one)).forEach((one) => one.pause());

/**
 * Bring to its end what moves on the page and would end within `limit` milliseconds; the page hears of that as if it had been
 * waited for. Says whether anything moved that will come to an end.
 */
export const endMotion = (limit) => {
  const moving = running().filter(ends);
  moving.filter((one) => left(one) <= limit).forEach((one) => one.finish());
  return moving.length > 0;
};

/** Wait until nothing on the page moves that will come to an end, but no longer than `limit` milliseconds. */
export const awaitCalm = (limit) => new Promise((done) => {
  const began = performance.now();
  const look = () => {
    const remaining = limit - (performance.now() - began);
    if (remaining <= 0 || !endMotion(remaining)) return done(changes());
    frame(look);
  };
  frame(() => frame(look));
});
