// The clock in the browser. The kernel keeps when it was started; here it only counts on.

const STILL_WAITING_MS = 400;
const LOST_MS = 6000;
const TICK_MS = 250;
const LOST =
  "The kernel is busy or was restarted. Wait, or run this cell again; the exercise needs no clock.";

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function render({ model, el }) {
  const { id, target_seconds: target } = model.get("question");
  let startedMs = null; // by this browser's clock; null while the clock stands
  let announced = true; // that the target is over
  let waiting = [];

  // A timer is no live region: a screen reader reads it when asked, not every second.
  const digits = element("span", {
    class: "ridealong-clock-digits", role: "timer", "aria-live": "off", "aria-label": "Time so far",
  });
  const face = element(
    "span", { class: "ridealong-clock-face" }, digits, ` of ${clock(target)} minutes`
  );
  const run = element("button", { type: "button", onclick: () => tell(startedMs === null ? "start" : "stop") });
  const hide = element("button", {
    type: "button", onclick: () => tell(model.get("state").hidden ? "show" : "hide"),
  });
  const status = element("p", { class: "ridealong-clock-status", role: "status" });
  const summary = element("p", { class: "ridealong-clock-summary" });
  const root = element(
    "div",
    { class: "ridealong-clock", role: "group", "aria-label": `Timed question ${id}` },
    element("div", { class: "ridealong-clock-line" }, face, run, hide),
    status,
    summary
  );

  function say(text, problem) {
    status.classList.toggle("ridealong-clock-problem", Boolean(problem));
    if (status.textContent !== text) status.textContent = text;
  }
  function settle() {
    waiting.forEach(clearTimeout);
    waiting = [];
  }
  function tell(what) {
    settle();
    waiting = [
      setTimeout(() => say("Waiting for the kernel\u2026", false), STILL_WAITING_MS),
      setTimeout(() => say(LOST, true), LOST_MS),
    ];
    try {
      model.send({ do: what });
    } catch {
      settle();
      say(LOST, true);
    }
  }
  function tick() {
    const seconds = startedMs === null ? 0 : (Date.now() - startedMs) / 1000;
    const text = clock(seconds);
    if (digits.textContent !== text) digits.textContent = text;
    if (!announced && !face.hidden && seconds >= target) {
      announced = true;
      say(`${clock(target)} is over. Go on: the time has no influence on points.`, false);
    }
  }

  // The notebook has a command on many a bare key; keys pressed here are for the buttons.
  root.addEventListener("keydown", (event) => {
    const passes =
      event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape" ||
      event.key === "Tab" || (event.key === "Enter" && event.shiftKey);
    if (!passes) event.stopPropagation();
  });

  function apply() {
    settle();
    const state = model.get("state");
    startedMs = state.running ? Date.now() - state.elapsed_seconds * 1000 : null;
    announced = !state.running || state.elapsed_seconds >= target;
    face.hidden = state.hidden;
    run.textContent = state.running ? "Stop the clock" : "Start the clock";
    hide.textContent = state.hidden ? "Show the clock" : "Hide the clock";
    summary.textContent = state.summary;
    say(state.status, state.problem);
    tick();
  }
  model.on("change:state", apply);
  apply();
  const ticking = setInterval(tick, TICK_MS);
  el.append(root);
  try {
    model.send({ do: "look" }); // the state may be from an earlier opening of the page
  } catch {
    // no kernel: what the state says is all there is
  }
  return () => {
    settle();
    clearInterval(ticking);
    model.off("change:state", apply);
  };
}

export default { render };
