// Listens to what a person presses and types into, and says how each of it would be found again. Nothing is changed, nothing
// is held up, and nothing that was typed or that a field shows is told: only names, labels and headers.
//
// Called with the name of the binding that is told, and with READING (bot/admin/look.py), which reads fields and columns.
(binding, READING) => {
  const key = Symbol.for("countermand recording");
  if (window[key]) return;
  window[key] = true;

  const heard = (element) => shown(element) && !element.closest("[aria-hidden=true]");

  const TAGS = { BUTTON: "button", SUMMARY: "button", TEXTAREA: "textbox", DIALOG: "dialog" };
  const TYPES = { checkbox: "checkbox", radio: "radio", button: "button", submit: "button", reset: "button", image: "button",
    search: "searchbox", number: "spinbutton", password: "", hidden: "", file: "", range: "slider" };
  const roleOf = (element) => {
    const given = squeeze(element.getAttribute("role")).split(" ")[0];
    if (given) return given;
    if (element.tagName === "A") return element.hasAttribute("href") ? "link" : "";
    if (/^H[1-6]$/.test(element.tagName)) return "heading";
    if (element.tagName === "SELECT") return element.multiple ? "listbox" : "combobox";
    if (element.tagName === "INPUT") return TYPES[element.type] ?? "textbox";
    return TAGS[element.tagName] ?? "";
  };
  const wordsIn = (element) => {
    const parts = [];
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) parts.push(node.data);
      else if (node.nodeType === Node.ELEMENT_NODE && heard(node) && !/^(SELECT|TEXTAREA|INPUT|SCRIPT|STYLE)$/.test(node.tagName)) {
        const inline = getComputedStyle(node).display.startsWith("inline");
        parts.push(inline ? "" : " ", node.getAttribute("aria-label") || (node.tagName === "IMG" ? node.alt : wordsIn(node)),
          inline ? "" : " ");
      }
    }
    return parts.join("");
  };
  const labelsOf = (element) => {
    const named = squeeze(element.getAttribute("aria-labelledby")).split(" ").filter(Boolean)
      .map((id) => document.getElementById(id)).filter((label) => label && !element.contains(label));
    if (named.length) return squeeze(named.map(wordsIn).join(" "));
    return squeeze(element.getAttribute("aria-label")) || squeeze([...(element.labels ?? [])].map(wordsIn).join(" "));
  };
  const nameOf = (element) => {
    const ids = squeeze(element.getAttribute("aria-labelledby")).split(" ").filter(Boolean);
    const named = squeeze(ids.map((id) => document.getElementById(id)).filter(Boolean).map(wordsIn).join(" "));
    const field = /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName);
    const pressed = field && /^(button|submit|reset)$/.test(element.type) ? element.value : "";
    return named || labelsOf(element) || squeeze(pressed) || (field ? "" : squeeze(wordsIn(element))) ||
      squeeze(element.getAttribute("title"));
  };

  const CONTROL = "button, a[href], input, select, textarea, summary, [role=button], [role=link], [role=tab], [role=textbox], " +
    "[role=searchbox], [role=combobox], [role=listbox], [role=checkbox], [role=radio], [role=switch], [role=menuitem], " +
    "[role=option]";
  const DIALOG = "[role=dialog], [role=alertdialog], dialog[open]";
  const TABLE = "table, [role=grid], [role=table], [role=treegrid]";
  const HEADER = "th, [role=columnheader]";
  const CELL = "td, th, [role=gridcell], [role=cell], [role=rowheader], [role=columnheader]";
  const ORDER = /^\d{3}-\d{7}-\d{7}$/;

  const count = (scope, matches) => [...scope.querySelectorAll("*")].filter((element) => matches(element) && heard(element)).length;
  const read = (request) => READING({ fields: {}, columns: {}, known: [], covers: [], act: "read", ...request });

  const textOf = (element) => squeeze(element.textContent);
  const bare = (text) => text.replace(/\s*:$/, "");
  // Pieces of text that stand by themselves, inside a box.
  const pieces = (box) => [...box.querySelectorAll("*"), box].filter((element) => heard(element) &&
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
  const sameLine = (a, b) => {
    const [one, other] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
    return Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) >= 0.5 * Math.min(one.height, other.height);
  };
  /** The label that a piece of text is the value of, or is itself; empty if it has none. */
  const labelAround = (element) => {
    const before = /^([^:]{1,60}):\s*\S/.exec(textOf(element));
    if (before && textOf(element).length <= 200) return squeeze(before[1]);
    const within = element.parentElement; // of which "Label:" may be a piece in bold letters
    if (/:$/.test(textOf(element)) && within && pieces(within).includes(within)) return bare(textOf(element));
    const inPair = element.closest("dt, dd, th, td");
    if (inPair?.matches("dd") && inPair.previousElementSibling?.matches("dt")) return bare(textOf(inPair.previousElementSibling));
    if (inPair?.matches("dt") && inPair.nextElementSibling?.matches("dd")) return bare(textOf(inPair));
    if (inPair?.matches("td") && inPair.previousElementSibling?.matches("th")) return bare(textOf(inPair.previousElementSibling));
    for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
      const inside = pieces(box).filter((piece) => piece === element || !(piece.contains(element) || element.contains(piece)));
      if (inside.length < 2) continue;
      if (inside.length > 2) return "";
      const [label, value] = inside;
      // "Recent orders:" and a link beside it are a headline and a way to more.
      if (inside.some((piece) => roleOf(piece) === "heading") || (/:$/.test(textOf(label)) && value.closest(CONTROL))) return "";
      return value.getBoundingClientRect().left >= label.getBoundingClientRect().right - 2 && sameLine(label, value)
        ? bare(textOf(label)) : "";
    }
    return "";
  };

  /** How an element would be found: {kind, words, role, found, ...}; null for what stands for nothing. */
  const describe = (target) => {
    const label = target.closest("label");
    const control = target.closest(CONTROL) ?? label?.control;
    const box = target.closest(DIALOG);
    const around = { dialog: Boolean(box), address: location.pathname + location.hash };
    if (control) {
      const role = roleOf(control);
      if (role === "option" || role === "menuitem") return null; // the words of a choice
      const name = nameOf(control);
      const picks = role === "combobox" || role === "listbox" || role === "radio" || control.getAttribute("aria-haspopup") === "listbox";
      if (picks) {
        const group = role === "radio" ? squeeze(wordsIn(control.closest("fieldset")?.querySelector("legend") ?? control)) : "";
        const words = group || labelsOf(control);
        const found = count(box ?? document, (element) => [...element.childNodes].some((node) =>
          node.nodeType === Node.TEXT_NODE) && textOf(element) === words);
        return { ...around, kind: "choice", words, found };
      }
      const typed = /^(INPUT|TEXTAREA)$/.test(control.tagName);
      const secret = control.type === "password" || control.autocomplete === "one-time-code" ||
        (typed && /pass|secret|token|otp|tfa|pin\b/i.test(`${control.id} ${control.name}`));
      const same = (element) => roleOf(element) === role && nameOf(element) === name;
      if (role) {
        return { ...around, kind: "role", role, words: ORDER.test(name) ? "{order}" : name, secret, found: name ? count(box ?? document, same) : 0 };
      }
      const labelled = (element) => /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) && labelsOf(element) === labelsOf(control);
      return { ...around, kind: "label", words: labelsOf(control), secret, found: labelsOf(control) ? count(box ?? document, labelled) : 0 };
    }
    const cell = target.closest(CELL);
    const table = cell?.closest(TABLE);
    const row = cell?.closest("tr, [role=row]");
    const heads = table ? [...table.querySelectorAll(HEADER)].filter((head) => head.closest(TABLE) === table && shown(head)) : [];
    if (cell && row && heads.length > 1) {
      const header = cell.matches(HEADER) ? cell
        : heads[[...row.querySelectorAll(CELL)].filter((one) => one.closest("tr, [role=row]") === row && shown(one)).indexOf(cell)];
      const words = header ? bare(textOf(header)) : "";
      const readable = words && read({ columns: { it: words } }).columns.it.length > 0;
      return { ...around, kind: "column", words, found: readable ? heads.filter((head) => bare(textOf(head)) === words).length : 0 };
    }
    const own = pieces(target);
    const piece = own.includes(target) ? target : own[0] ?? target;
    const beside = labelAround(piece);
    if (beside) {
      const values = read({ fields: { it: beside }, known: [beside] }).fields.it;
      return { ...around, kind: "field", words: beside, found: values.length };
    }
    const words = textOf(piece);
    if (!words || words.length > 200) return null;
    if (roleOf(piece) === "heading") {
      const same = (element) => roleOf(element) === "heading" && nameOf(element) === nameOf(piece);
      return { ...around, kind: "role", role: "heading", words: nameOf(piece), found: count(box ?? document, same) };
    }
    const alone = (element) => textOf(element) === words && ![...element.children].some((child) => textOf(child) === words);
    return { ...around, kind: "text", words, found: count(box ?? document, alone) };
  };

  const tell = (event) => {
    const target = event.composedPath()[0];
    const described = target instanceof Element ? describe(target) : null;
    if (described) window[binding](described);
  };
  // A press is heard as it begins, before the page answers it.
  addEventListener("pointerdown", tell, true);
  addEventListener("input", tell, true);
}
