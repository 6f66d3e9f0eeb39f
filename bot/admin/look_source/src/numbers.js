// Elements are told by numbers that hold as long as their document does. Where they begin is another number for each document, so
// that no number of one is taken for an element of the next.

const numbers = new WeakMap();
const known = new Map(); // of each number its element, which may be gone
let last = Math.floor(Math.random() * 2 ** 30);

export const numberOf = (element) => {
  if (!numbers.has(element)) {
    numbers.set(element, ++last);
    known.set(last, new WeakRef(element));
  }
  return numbers.get(element);
};

export const elementOf = (number) => {
  const element = known.get(number)?.deref();
  return element?.isConnected ? element : null;
};
