/** Moving through slices and pictures by keys and wheel. */

const KEYS: Record<string, number> = {
  ArrowUp: 1,
  ArrowRight: 1,
  ArrowDown: -1,
  ArrowLeft: -1,
  PageUp: 10,
  PageDown: -10,
  Home: -Infinity,
  End: Infinity,
};

const inside = (place: number, count: number) => Math.min(Math.max(place, 0), count - 1);

/** Where a key leads to from `place` of `count`, null for other keys. Up and right lead towards the end. */
export function stepOf(event: KeyboardEvent, place: number, count: number): number | null {
  const step = KEYS[event.key];
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return null;
  return inside(place + step, count);
}

/** Pixels that a trackpad slides for a step; a notch of a wheel is always one. */
const SLIDE = 30;
const NOTCH = 60;

/** Calls `step` with 1 or -1 as the wheel turns down or up over `element`, where `active`. */
export function onWheel(element: HTMLElement, active: () => boolean, step: (way: 1 | -1) => void): void {
  let slid = 0;
  const turned = (event: WheelEvent) => {
    if (!active() || event.ctrlKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.deltaMode !== WheelEvent.DOM_DELTA_PIXEL || Math.abs(event.deltaY) >= NOTCH) {
      slid = 0;
      step(event.deltaY > 0 ? 1 : -1);
      return;
    }
    slid += event.deltaY;
    while (Math.abs(slid) >= SLIDE) {
      step(slid > 0 ? 1 : -1);
      slid -= Math.sign(slid) * SLIDE;
    }
  };
  element.addEventListener("wheel", turned, { capture: true, passive: false });
}
