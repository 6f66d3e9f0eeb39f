// What is worked out once a look, and forgotten after it: a page is another a moment later.

const known = [];

/** `work`, whose answer for each element is kept until `forget`. */
export const once = (work) => {
  const answers = new Map();
  known.push(answers);
  return (of) => {
    let answer = answers.get(of);
    if (answer === undefined) answers.set(of, (answer = work(of)));
    return answer;
  };
};

export const forget = () => known.forEach((answers) => answers.clear());
