/* A figure that trains a network in slices of a frame, while it is on the screen. */
(function (cnnmath) {
"use strict";
if (cnnmath.TrainingFigure) return;

const SLICE = 5; // ms of training in a frame
const STILL = 300; // ms between two pictures where the reader asked for reduced motion

/** A subclass has static `settings`, the fields of which a change begins a new run, static begin(state) → the run, with step, at(step)
 *  and advance(), and values(state, run). `single` asks for one step a frame; `timer` is 0 while nothing is trained. */
class TrainingFigure extends cnnmath.Figure {
timer = 0;
single = false;

settings(state) { return this.constructor.settings.map((name) => state[name]).join(); }

/** The run is kept while its settings stay: a later step goes on from there. */
compute(state) {
  const [kind, key] = [this.constructor, this.settings(state)];
  if (this.kept?.key !== key) this.kept = { key, run: kind.begin(state) };
  return kind.values(state, this.kept.run);
}

/** Stop when the figure leaves the screen. */
watch() {
  const watcher = new IntersectionObserver((seen) => { if (!seen.at(-1).isIntersecting) this.stop(); });
  watcher.observe(this);
  this.signal.addEventListener("abort", () => watcher.disconnect());
}

/** Begin anew with other settings, and train as far as before, or to `goal`. */
anew(change, goal = this.timer ? this.goal : this.state.steps) {
  this.stop();
  if (this.settings({ ...this.state, ...change }) === this.settings(this.state)) return void this.update(change);
  if (this.update({ ...change, steps: 0 })) this.run(goal);
}

/** Train from step `from` until step `goal`, a slice in each frame. */
run(goal, from = this.state.steps) {
  this.goal = goal;
  if (from !== this.state.steps) this.update({ steps: from });
  [this.mine, this.drawn] = [this.settings(this.state) + from, 0];
  if (from < goal) this.timer = requestAnimationFrame(() => this.slice());
  this.repaint();
}

slice() {
  const { state, goal } = this;
  if (this.mine !== this.settings(state) + state.steps) return this.stop(); // somebody else has set it
  const { run } = this.kept;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const begin = performance.now();
  if (!still) run.at(state.steps);
  do run.advance();
  while (run.step < goal && !this.single && performance.now() - begin < SLICE);
  if (run.step >= goal) {
    this.stop();
    return void this.update({ steps: goal });
  }
  if (!still || begin - this.drawn > STILL) {
    this.drawn = begin;
    this.update({ steps: run.step });
    this.mine = this.settings(state) + run.step;
  }
  this.timer = requestAnimationFrame(() => this.slice());
}

stop() {
  cancelAnimationFrame(this.timer);
  this.timer = 0;
  this.repaint();
}

restart() { this.stop(); }
}

cnnmath.TrainingFigure = TrainingFigure;
})(globalThis.cnnmath);
