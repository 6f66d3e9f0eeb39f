"""What the YAML parser complains about, said in words for somebody who never read the YAML specification."""

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.files import position, shown

_AT_THE_PROBLEM = {
    "mapping values are not allowed in this context": (
        "a key with a colon is not allowed here: check that the line is aligned with its neighbors, and put text "
        "that holds a colon and a space in quotes"
    ),
    "mapping keys are not allowed in this context": ("a question mark cannot begin a value: put the text in quotes"),
    "block sequence entries are not allowed in this context": (
        "a list cannot begin on the line of its key: write each dash on a line of its own below it"
    ),
    "did not find expected '-' indicator": (
        "the list that begins on line {line} continues here with something else: begin each of its items with "
        "a dash below the first one's"
    ),
    "did not find expected key": (
        "the keys that begin on line {line} continue here with something that is not a key: check how far the line "
        "is indented, and put text that holds quotes, brackets or asterisks in quotes as a whole"
    ),
    "did not find expected ',' or '}'": (
        "the brace that opens on line {line} needs a comma or its closing brace before this"
    ),
    "did not find expected ',' or ']'": (
        "the bracket that opens on line {line} needs a comma or its closing bracket before this"
    ),
    "did not find expected node content": "a value is missing here: write it, or put the text in quotes",
    "did not find expected comment or line break": "the text that | or > announces begins on the next line",
    "did not find expected alphabetic or numeric character": (
        "a value that begins with an asterisk or an ampersand must be in quotes"
    ),
    "did not find expected <document start>": "there is more text after the end of the data: remove it",
    "found unknown escape character": (
        "this backslash means nothing in double quotes: write it twice, or use single quotes"
    ),
    "found invalid Unicode character escape code": "this backslash code is no character: check its digits",
    "found unexpected document indicator": (
        "the quotes that open on line {line} are still open here: add the closing one"
    ),
    "found incompatible YAML document": "only YAML 1.1 and 1.2 are read: remove the line that begins with %",
    "found unknown directive name": "no line may begin with %: remove it",
    "found undefined tag handle": "words that begin with ! are not allowed: put the text in quotes",
}

_AT_ITS_BEGINNING = {
    "found unexpected end of stream": "the quotes that open here are never closed: add the closing one",
    "could not find expected ':'": (
        "this line is neither a key nor an item of a list: write a colon and a space after a key, and a dash "
        "and a space before an item"
    ),
}


def in_plain_words(error: YAMLError, text: str) -> tuple[int, int, str]:
    """Line and column, both from 1, and a sentence for what the parser found wrong in that text."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    if not isinstance(error, MarkedYAMLError) or mark is None:
        return 1, 1, f"This is not YAML: {' '.join(str(error).split())}"
    begin = error.context_mark or mark
    problem = str(error.problem)
    if words := _AT_ITS_BEGINNING.get(problem):
        mark = begin
    elif "tab character" in problem or text[mark.index : mark.index + 1] == "\t":
        words = "a tab cannot indent a line: use spaces"
    elif problem == "found character that cannot start any token":
        words = f"no value can begin with {shown(text[mark.index : mark.index + 1])}: put the text in quotes"
    else:
        words = _AT_THE_PROBLEM.get(problem, problem).replace("{line}", str(begin.line + 1))
    # What is missing at the end, the parser looks for on a line of its own.
    line, column = min((mark.line + 1, mark.column + 1), position(text, len(text)))
    return line, column, f"This is not YAML: {words}"
