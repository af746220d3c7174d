// The quiz in the browser. It shows what the kernel sends in `question` and `state`, and tells the
// kernel what the learner did. It decides nothing and knows no right answer.

const STILL_SAVING_MS = 400;
const NOT_SAVED_MS = 6000;
const TYPING_PAUSE_MS = 600;
const LOST =
  "Not saved yet: the kernel is busy or was restarted. Wait, or run this cell again and answer.";

let views = 0;

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "html") node.innerHTML = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// A named group of native radio buttons or check boxes: one tab stop, arrow keys inside.
function choices(type, name, options, changed) {
  const inputs = options.map((option) =>
    element("input", { type, name, value: option.id, id: `${name}-${option.id}`, onchange: changed })
  );
  const lines = options.map((option, index) =>
    element(
      "label",
      { class: "ridealong-quiz-choice", for: inputs[index].id },
      inputs[index],
      element("span", { html: option.html })
    )
  );
  return { inputs, lines };
}

// Each kind returns its nodes, `get` and `set` of the choice, and what to focus.
const kinds = {
  one(question, name, choose) {
    const { inputs, lines } = choices("radio", name, question.options, () => choose());
    return {
      nodes: lines,
      get: () => inputs.find((input) => input.checked)?.value ?? null,
      set: (choice) => inputs.forEach((input) => (input.checked = input.value === choice)),
      focus: () => inputs[0].focus(),
    };
  },

  several(question, name, choose) {
    const { inputs, lines } = choices("checkbox", name, question.options, () => choose());
    return {
      nodes: [element("p", { class: "ridealong-quiz-help" }, "Choose all that apply."), ...lines],
      get: () => inputs.filter((input) => input.checked).map((input) => input.value),
      set: (choice) =>
        inputs.forEach((input) => (input.checked = (choice ?? []).includes(input.value))),
      focus: () => inputs[0].focus(),
    };
  },

  number(question, name, choose) {
    let timer;
    const now = () => {
      clearTimeout(timer);
      choose();
    };
    const input = element("input", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      id: name,
      "aria-describedby": `${name}-status`,
      oninput: () => {
        clearTimeout(timer);
        timer = setTimeout(choose, TYPING_PAUSE_MS);
      },
      onchange: now,
      onkeydown: (event) => event.key === "Enter" && !event.shiftKey && now(),
    });
    return {
      nodes: [
        element(
          "div",
          { class: "ridealong-quiz-number" },
          element("label", { for: name }, `Your answer in ${question.unit}`),
          input,
          element("span", { "aria-hidden": "true" }, question.unit)
        ),
      ],
      get: () => input.value.trim(),
      set: (choice) => {
        input.value = choice ?? "";
      },
      busy: () => document.activeElement === input,
      invalid: (is) => (is ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid")),
      focus: () => input.focus(),
    };
  },

  // Lines with two buttons each. The whole list is one tab stop; arrow keys go from button to
  // button, Enter or Space presses. What has moved is announced.
  order(question, name, choose) {
    const list = element("ol");
    const said = element("div", { class: "ridealong-quiz-unseen", role: "status" });
    const arrow = (line, text, step, sign) =>
      element(
        "button",
        {
          type: "button",
          tabindex: "-1",
          "aria-label": `Move ${text} ${step < 0 ? "up" : "down"}`,
          onclick: () => move(line, step),
          onfocus: (event) => enter(event.currentTarget),
        },
        element("span", { "aria-hidden": "true" }, sign)
      );
    const lines = new Map();
    for (const option of question.options) {
      const line = element("li", { "data-id": option.id });
      const text = element("span", { html: option.html });
      line.append(
        element(
          "div",
          { class: "ridealong-quiz-line" },
          arrow(line, text.textContent, -1, "\u2191"),
          arrow(line, text.textContent, +1, "\u2193"),
          text
        )
      );
      lines.set(option.id, line);
      list.append(line);
    }
    const buttons = () => [...list.querySelectorAll("button")];
    const enter = (button) =>
      buttons().forEach((each) => (each.tabIndex = each === button ? 0 : -1));
    const ends = () =>
      buttons().forEach((button, index, all) => {
        const off = index === 0 || index === all.length - 1;
        off ? button.setAttribute("aria-disabled", "true") : button.removeAttribute("aria-disabled");
      });
    const move = (line, step) => {
      const button = document.activeElement;
      const other = step < 0 ? line.previousElementSibling : line.nextElementSibling;
      const text = line.querySelector(".ridealong-quiz-line > span").textContent;
      if (!other) {
        said.textContent = `${text} is already ${step < 0 ? "first" : "last"}.`;
        return;
      }
      // Move the other line, so that the pressed button stays in the page and keeps the focus.
      step < 0 ? line.after(other) : line.before(other);
      if (line.contains(button)) button.focus();
      ends();
      const place = [...list.children].indexOf(line) + 1;
      said.textContent = `${text}, now ${place} of ${list.children.length}.`;
      choose();
    };
    const bar = element(
      "div",
      {
        role: "toolbar",
        "aria-label": "Lines to put in order",
        "aria-orientation": "vertical",
        onkeydown: (event) => {
          const all = buttons();
          const at = all.indexOf(document.activeElement);
          const step = { ArrowUp: -2, ArrowDown: 2, ArrowLeft: -1, ArrowRight: 1 }[event.key];
          if (at < 0 || !step) return;
          event.preventDefault();
          // Left and right stay in their line.
          const to = Math.abs(step) === 1 ? (at % 2 ? at - 1 : at + 1) : at + step;
          all[to]?.focus();
        },
      },
      list
    );
    ends();
    enter(buttons()[0]);
    return {
      nodes: [
        element(
          "p",
          { class: "ridealong-quiz-help" },
          "Move the lines with their buttons, the first at the top. " +
            "By keyboard: arrow keys go from button to button, Enter or Space moves the line."
        ),
        bar,
        said,
      ],
      get: () => [...list.children].map((line) => line.dataset.id),
      set: (choice) => {
        const wanted = choice ?? question.options.map((option) => option.id);
        const there = [...list.children].map((line) => line.dataset.id);
        if (wanted.join() === there.join()) return; // a needless move would drop the focus
        list.append(...wanted.map((id) => lines.get(id)));
        ends();
        enter(buttons()[0]);
      },
      focus: () => buttons()[0].focus(),
    };
  },
};

const MARKS = {
  right: { sign: "\u2713", word: "Right" },
  wrong: { sign: "\u2717", word: "Not right" },
  missed: { sign: "\u25CB", word: "Left out" },
};

function feedback(state) {
  if (!state.verdict) return [];
  const heading = element("strong", {}, state.verdict === "right" ? "Right." : "Not yet.");
  return [
    element("p", {}, heading),
    ...state.remarks.map((remark) => {
      const { sign, word } = MARKS[remark.mark];
      const about = remark.about
        ? [
            element("span", { class: "ridealong-quiz-mark" }, `${sign} ${word}: `),
            element("span", { html: remark.about }),
            element("br"),
          ]
        : [];
      return element(
        "p",
        { class: `ridealong-quiz-remark ridealong-quiz-${remark.mark}` },
        ...about,
        element("span", { html: remark.html })
      );
    }),
  ];
}

function render({ model, el }) {
  const question = model.get("question");
  // Unique over views and page loads: two views of one quiz must not share a radio group.
  const view = `ridealong-${question.id}-${++views}-${Math.random().toString(36).slice(2, 8)}`;
  let serial = 0;
  let timers = [];

  const status = element("p", { class: "ridealong-quiz-status", role: "status", id: `${view}-status` });
  const remarks = element("div", { class: "ridealong-quiz-feedback", "aria-live": "polite" });

  function settle() {
    timers.forEach(clearTimeout);
    timers = [];
  }
  function say(text, problem) {
    status.classList.toggle("ridealong-quiz-problem", Boolean(problem));
    // The sign is for the eye: the words say it all.
    if (status.textContent !== text) status.textContent = text;
  }
  function tell(what, value = null) {
    settle();
    serial += 1;
    timers = [
      setTimeout(() => say("Saving\u2026", false), STILL_SAVING_MS),
      setTimeout(() => say(LOST, true), NOT_SAVED_MS),
    ];
    try {
      model.send({ do: what, value, view, serial });
    } catch {
      settle();
      say(LOST, true);
    }
  }

  const answer = kinds[question.kind](question, view, () => tell("choose", answer.get()));
  const asked = element(
    "fieldset",
    question.rest ? { "aria-describedby": `${view}-rest` } : {},
    element("legend", { html: question.legend })
  );
  if (question.rest) asked.append(element("div", { id: `${view}-rest`, html: question.rest }));
  asked.append(...answer.nodes);

  const sure = choices(
    "radio",
    `${view}-sure`,
    question.confidences.map((text) => ({ id: text.replace(" ", "-"), html: text })),
    (event) => tell("sure", event.currentTarget.value.replace("-", " "))
  );
  const buttons = element("div", { class: "ridealong-quiz-buttons" });
  if (question.checkable) {
    const check = () => {
      // Lines left as they are shown are an answer too, and so is a number still being typed.
      if (question.kind === "order" || question.kind === "number") tell("choose", answer.get());
      tell("check");
    };
    buttons.append(element("button", { type: "button", onclick: check }, "Check my answer"));
  }
  buttons.append(
    element("button", { type: "button", onclick: () => tell("clear") }, "Clear my answer")
  );

  const root = element("div", { class: "ridealong-quiz", "data-kind": question.kind }, asked);
  if (sure.inputs.length) {
    const group = element("fieldset", { class: "ridealong-quiz-sure" });
    group.append(element("legend", {}, "How sure are you?"), ...sure.lines);
    root.append(group);
  }
  root.append(buttons, status, remarks);

  // The notebook has a command on many a bare key: arrows select another cell, "d d" deletes one.
  // Keys pressed in the quiz are for the quiz; combinations such as Shift+Enter or Ctrl+S pass.
  root.addEventListener("keydown", (event) => {
    const passes =
      event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape" ||
      event.key === "Tab" || (event.key === "Enter" && event.shiftKey);
    if (!passes) event.stopPropagation();
  });

  function apply() {
    const state = model.get("state");
    const mine = state.view === view;
    if (mine && state.serial < serial) return; // the learner has gone on since
    settle();
    if (!(mine && state.problem) && !answer.busy?.()) answer.set(state.choice);
    answer.invalid?.(mine && state.problem && state.missing !== "sure");
    for (const input of sure.inputs) {
      input.checked = input.value === state.confidence?.replace(" ", "-");
    }
    say(state.status, state.problem);
    remarks.replaceChildren(...feedback(state));
    if (mine && state.missing === "choice") answer.focus();
    if (mine && state.missing === "sure") sure.inputs[0].focus();
  }
  model.on("change:state", apply);
  apply();
  el.append(root);
  return () => {
    settle();
    model.off("change:state", apply);
  };
}

export default { render };
