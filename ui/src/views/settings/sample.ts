/** What the settings' small terminal shows: every kind of text that a terminal has. */
export const SAMPLE_ROWS = 6;

const normal = [1, 2, 3, 4, 5, 6, 7].map((index) => `\x1b[3${String(index)}m●●`).join(' ');
const bright = [1, 2, 3, 4, 5, 6, 7].map((index) => `\x1b[9${String(index)}m●●`).join(' ');

export const SAMPLE = [
  // The cursor of a screen without the focus is drawn on the alternate screen at once.
  '\x1b[?1049h\x1b[?7l\x1b[32m~/work/ledger-api\x1b[m on \x1b[35mmain\x1b[m $ git diff --stat',
  ' \x1b[34msrc/\x1b[mledger.rs \x1b[90m|\x1b[m 18 \x1b[32m++++++++++++\x1b[31m------\x1b[m',
  '\x1b[1mbold\x1b[m \x1b[2mdim\x1b[m \x1b[3mitalic\x1b[m \x1b[4munderlined\x1b[m \x1b[7m inverse \x1b[m \x1b[1;97mwhite\x1b[m',
  `\x1b[30m●●\x1b[m ${normal}\x1b[m`,
  `\x1b[90m●●\x1b[m ${bright}\x1b[m`,
  '\x1b[36m❯\x1b[m 0O 1lI {}[]() => != ',
].join('\r\n');
