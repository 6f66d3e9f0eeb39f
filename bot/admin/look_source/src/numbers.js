// Elements are told by numbers that hold as long as their document does.

const numbers = new WeakMap();
const known = new Map(); // of each number its element, which may be gone
let last = 0;

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
