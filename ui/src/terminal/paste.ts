/**
 * Text that is pasted: what could act as a key or as the end of the paste is taken out, as good
 * terminals do. Tabs and line breaks stay.
 */
export function pasteable(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are exactly what must not get through
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, '');
}

/** Whether a link may be handed to the system: web addresses only. */
export function isWebLink(url: string): boolean {
  try {
    const { protocol } = new URL(url);
    return protocol === 'http:' || protocol === 'https:';
  } catch {
    return false;
  }
}
