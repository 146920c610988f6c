/** `text` without control characters, so that nothing in it can steer a terminal or break a line. */
export function stripControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what must go
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '')
}
