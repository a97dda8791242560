/**
 * The host alone answers what a program asks its terminal: this viewer would be one answer too
 * many. Only the questions are swallowed; what sets something still takes effect.
 */
import type { IDisposable, IFunctionIdentifier, Terminal } from '@xterm/xterm';

const CSI_QUERIES: IFunctionIdentifier[] = [
  { final: 'c' }, // primary device attributes
  { prefix: '>', final: 'c' }, // secondary
  { prefix: '=', final: 'c' }, // tertiary
  { final: 'n' }, // device status, cursor position
  { prefix: '?', final: 'n' }, // the same with DEC's questions, colour scheme
  { intermediates: '$', final: 'p' }, // mode requests
  { prefix: '?', intermediates: '$', final: 'p' },
  { prefix: '>', final: 'q' }, // name and version
  { final: 't' }, // window size and title reports
  { final: 'x' }, // terminal parameters
  { prefix: '?', final: 'u' }, // keyboard protocol
  { prefix: '?', final: 'm' }, // key modifier options
  { intermediates: '*', final: 'y' }, // checksum of an area
  { intermediates: '&', final: 'u' }, // user-preferred supplemental set
];

const DCS_QUERIES: IFunctionIdentifier[] = [
  { intermediates: '$', final: 'q' }, // settings
  { intermediates: '+', final: 'q' }, // terminfo capabilities
];

/** Colours can be asked for and set with the same command. */
const OSC_COLOURS = [4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];

/** Makes a viewer silent. Returns what undoes it. */
export function swallowQueries(terminal: Terminal): QuerySilence {
  const swallow = () => true;
  // Switching focus reports on makes xterm.js send one at once. The program gets its reports
  // from real changes of focus.
  let silenceFocus = false;
  const parser = terminal.parser;
  const handlers: IDisposable[] = [
    ...CSI_QUERIES.map((id) => parser.registerCsiHandler(id, swallow)),
    ...DCS_QUERIES.map((id) => parser.registerDcsHandler(id, swallow)),
    ...OSC_COLOURS.map((id) =>
      parser.registerOscHandler(id, (data) => data.split(';').includes('?')),
    ),
    // The clipboard is the host's business: it comes as an event, once.
    parser.registerOscHandler(52, swallow),
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, (params) => {
      if (params.includes(1004)) {
        silenceFocus = true;
        queueMicrotask(() => {
          silenceFocus = false;
        });
      }
      return false;
    }),
  ];
  return {
    dispose: () => {
      for (const handler of handlers) handler.dispose();
    },
    get focusIsSilent() {
      return silenceFocus;
    },
  };
}

/** The handlers of a silent viewer. */
export interface QuerySilence extends IDisposable {
  /** Whether a focus report that comes now is xterm.js's own and not the person's. */
  readonly focusIsSilent: boolean;
}
