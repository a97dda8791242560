/**
 * One xterm.js: its options, add-ons and the measures that Reprise needs of it. It knows neither
 * the app nor a host.
 */
import { FitAddon } from '@xterm/addon-fit';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { type ITerminalInitOnlyOptions, type ITerminalOptions, Terminal } from '@xterm/xterm';

import type { GridSize } from '../bindings';
import { cssFamilies, type Look, sameLook } from './look';
import { isWebLink } from './paste';
import { correctRendering } from './render-corrections';
import { findTheme, matchText, xtermTheme } from './theme';
import { syncViewportByFrame } from './viewport-sync';
import { LINES_PER_NOTCH } from './wheel';
import { gridOptions, prepareViewer } from './xterm-options';

/** How long a bell is seen; `base.css` has the same time. */
const RING_MS = 240;
/** How far xterm.js scrolls for a notch of the wheel at a sensitivity of 1. */
const NOTCH_PIXELS = 50;
/** Whether xterm.js can measure a font only in the page, where it is visible. */
const MEASURES_IN_PAGE = typeof OffscreenCanvas === 'undefined';

/** The parts of xterm.js that have no public name. */
interface Core {
  _renderService?: {
    /** In CSS pixels. */
    dimensions: { css: { cell: { width: number; height: number } } };
    handleCharSizeChanged(): void;
  };
}

export interface LinkHost {
  open: (url: string) => void;
  hover: (url: string | null) => void;
  /** The same for links of programs to files, which the app looks up. */
  openFile: (uri: string) => void;
  hoverFile: (uri: string | null) => void;
}

/** What a screen reader is told beside the lines. */
export interface Spoken {
  /** What the place for typing is. */
  input: string;
  /** Output that came too fast to be read out. */
  tooMuch: string;
}

/** A terminal screen in an element of its own. */
export class ScreenElement {
  readonly terminal: Terminal;
  readonly element = document.createElement('div');
  readonly #fit = new FitAddon();
  #look: Look;
  /** The look that the line height was measured for. */
  #lineFor: Look | null = null;
  /** What the program said of the cursor's blinking (mode 12), if it did. */
  #programBlinks: boolean | null = null;
  #opened = false;
  #ringing: ReturnType<typeof setTimeout> | undefined;
  #finding = false;
  #endSync = () => {};

  constructor(
    look: Look,
    links: LinkHost | null,
    options: ITerminalOptions & ITerminalInitOnlyOptions = {},
  ) {
    this.#look = look;
    this.element.className = 'screen';
    this.terminal = new Terminal({
      ...gridOptions,
      ...lookOptions(look),
      theme: xtermTheme(),
      cursorBlink: look.cursorBlink,
      cursorInactiveStyle: 'outline',
      // Claude Code and shells use bold as bold; a brighter colour would not be the one they chose.
      drawBoldTextInBrightColors: false,
      ...(links ? { linkHandler: linkHandler(links) } : {}),
      ...options,
    });
    prepareViewer(this.terminal);
    this.terminal.loadAddon(this.#fit);
    this.#colourMatches();
    this.#heedBlinking();
    if (links) {
      const handler = linkHandler(links);
      this.terminal.loadAddon(
        new WebLinksAddon((event, uri) => handler.activate(event, uri), {
          hover: (_event, uri) => links.hover(uri),
          leave: () => links.hover(null),
        }),
      );
    }
  }

  /**
   * A colour behind a match is not enough: a program's own dark text on a light row would not be
   * seen on it, so a match gets the colour of the text as well.
   */
  #colourMatches(): void {
    const register = this.terminal.registerDecoration.bind(this.terminal);
    this.terminal.registerDecoration = (options) =>
      register({ ...matchText(options.backgroundColor), ...options });
  }

  /**
   * Puts the screen into the page, where it must be visible. It is made outside: there xterm.js cannot
   * ask for anything for which the whole page has to be laid out, which it does at each step.
   */
  open(container: HTMLElement): void {
    const isNew = !this.#opened;
    if (isNew) {
      this.#opened = true;
      if (MEASURES_IN_PAGE) container.append(this.element);
      this.terminal.open(this.element);
      correctRendering(this.terminal);
      this.#endSync = syncViewportByFrame(this.terminal);
    }
    this.#setLine();
    if (this.element.parentElement !== container) container.append(this.element);
    // Now it can see how wide its signs are.
    if (isNew) this.#core._renderService?.handleCharSizeChanged();
  }

  get #core(): Core {
    return (this.terminal as unknown as { _core: Core })._core;
  }

  /**
   * xterm.js keeps mode 12 in the very option that is the person's setting: the setting holds
   * until the program says something, and again for the next program's snapshot.
   */
  #heedBlinking(): void {
    for (const final of ['h', 'l']) {
      this.terminal.parser.registerCsiHandler({ prefix: '?', final }, (params) => {
        if (params.includes(12)) this.#programBlinks = final === 'h';
        return false;
      });
    }
  }

  /** A snapshot follows, of a host that keeps so many lines of scrollback. */
  restart(scrollback: number): void {
    this.#programBlinks = null;
    this.terminal.options.cursorBlink = this.#look.cursorBlink;
    this.terminal.options.scrollback = scrollback;
  }

  get fontSize(): number {
    return this.#look.fontSize;
  }

  set look(look: Look) {
    if (sameLook(look, this.#look)) return;
    this.#look = look;
    Object.assign(this.terminal.options, lookOptions(look));
    this.terminal.options.cursorBlink = this.#programBlinks ?? look.cursorBlink;
    this.#setLine();
  }

  set spoken({ input, tooMuch }: Spoken) {
    Terminal.strings.tooMuchOutput = tooMuch;
    this.terminal.textarea?.setAttribute('aria-label', input);
  }

  updateTheme(): void {
    this.terminal.options.theme = this.#finding ? findTheme() : xtermTheme();
  }

  /** Whether the find bar is open: the match in front has colours of its own. */
  set finding(finding: boolean) {
    this.#finding = finding;
    this.updateTheme();
  }

  /** The grid that would fill the element, or null while it cannot be measured. */
  proposed(): GridSize | null {
    if (!this.#opened || this.element.clientWidth === 0 || this.element.clientHeight === 0) {
      return null;
    }
    const size = this.#fit.proposeDimensions();
    if (!size || !Number.isFinite(size.cols) || !Number.isFinite(size.rows)) return null;
    return {
      cols: Math.min(Math.max(size.cols, 20), 1000),
      rows: Math.min(Math.max(size.rows, 5), 500),
    };
  }

  /** Whether anything but blanks is on the screen; a blank in a colour is something. */
  hasContent(): boolean {
    const buffer = this.terminal.buffer.active;
    const cell = buffer.getNullCell();
    for (let y = 0; y < this.terminal.rows; y += 1) {
      const line = buffer.getLine(buffer.baseY + y);
      if (line?.translateToString(true).trim()) return true;
      for (let x = 0; line && x < line.length; x += 1) {
        if (line.getCell(x, cell)?.isBgDefault() === false) return true;
      }
    }
    return false;
  }

  /** Shows that the program rang: for a moment, and without movement where none is wanted. */
  flash(): void {
    const { classList } = this.element;
    classList.remove('rings');
    // The animation begins anew only when the style was computed without it.
    void this.element.offsetWidth;
    classList.add('rings');
    clearTimeout(this.#ringing);
    this.#ringing = setTimeout(() => classList.remove('rings'), RING_MS);
  }

  /** Where the cursor is, in pixels of the screen. */
  cursorPlace(): { left: number; top: number; height: number } {
    const { width, height } = this.cell();
    const buffer = this.terminal.buffer.active;
    return { left: buffer.cursorX * width, top: buffer.cursorY * height, height };
  }

  /** A cell in pixels, as it is drawn; 0 before the screen was opened. */
  cell(): { width: number; height: number } {
    return this.#core._renderService?.dimensions.css.cell ?? { width: 0, height: 0 };
  }

  dispose(): void {
    clearTimeout(this.#ringing);
    this.#endSync();
    this.terminal.dispose();
    this.element.remove();
  }

  /** xterm.js multiplies the font's own height: bring the line to the design's height. */
  #setLine(): void {
    if (this.#lineFor === this.#look) return;
    // It is done when it is shown.
    if (MEASURES_IN_PAGE && this.element.clientHeight === 0) return;
    this.terminal.options.lineHeight = 1;
    const natural = this.cell().height;
    if (natural <= 0) return;
    this.#lineFor = this.#look;
    const wanted = Math.round(this.#look.fontSize * this.#look.lineHeight);
    this.terminal.options.lineHeight = Math.max(1, wanted / natural + 0.0005);
    const lines = LINES_PER_NOTCH * Math.max(wanted, natural);
    this.terminal.options.scrollSensitivity = lines / NOTCH_PIXELS;
  }
}

function lookOptions(look: Look): ITerminalOptions {
  const own = getComputedStyle(document.documentElement).getPropertyValue('--font-mono').trim();
  return {
    fontFamily: cssFamilies(look.fontFamily, own),
    fontSize: look.fontSize,
    cursorStyle: look.cursorStyle,
    minimumContrastRatio: look.minimumContrast,
    screenReaderMode: look.screenReader,
  };
}

function linkHandler(links: LinkHost) {
  return {
    activate: (event: MouseEvent, uri: string) => {
      if (!event.ctrlKey && !event.metaKey) return;
      if (isWebLink(uri)) links.open(uri);
      else links.openFile(uri);
    },
    hover: (_event: MouseEvent, uri: string) => {
      if (isWebLink(uri)) links.hover(uri);
      else links.hoverFile(uri);
    },
    leave: () => {
      links.hover(null);
      links.hoverFile(null);
    },
    // Whoever gets a link decides: files are asked of the app, anything else opens nothing.
    allowNonHttpProtocols: true,
  };
}
