/** Colours the page: every colour is made of one hue, from 0 to 360. */
export function applyHue(hue: number): void {
  document.documentElement.style.setProperty('--hue', String(hue))
}
