/** Keeps a person's place in a history while rows come and go above and below it. */

interface Anchor {
  key: string;
  top: number;
}

/** So near to the end is at the end. */
const NEAR = 40;

/** A box that scrolls, with rows that each have a `data-key`. */
export class Scroller {
  #anchors: Anchor[] = [];
  /** Whether the person is at the end, and wants to stay there. */
  isAtEnd = true;

  constructor(
    readonly box: HTMLElement,
    private readonly rows: HTMLElement,
    /** Whether the last row is the chat's last message. */
    private readonly isEndHeld: () => boolean,
  ) {}

  /** Remembers which rows are on the screen, and where. */
  remember(): void {
    const { box } = this;
    this.isAtEnd = this.isEndHeld() && box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    const top = box.getBoundingClientRect().top;
    this.#anchors = [];
    for (const row of this.visible()) {
      const key = row.dataset.key;
      // Lines between messages come and go; messages stay.
      if (key && row.dataset.message !== undefined) {
        this.#anchors.push({ key, top: row.getBoundingClientRect().top - top });
      }
    }
  }

  /** Puts the first row that is still there where it was; or stays at the end. */
  restore(): void {
    const { box } = this;
    if (this.isAtEnd && this.isEndHeld()) {
      box.scrollTop = box.scrollHeight;
      return;
    }
    const top = box.getBoundingClientRect().top;
    for (const anchor of this.#anchors) {
      const row = this.find(anchor.key);
      if (!row) continue;
      const moved = row.getBoundingClientRect().top - top - anchor.top;
      if (Math.abs(moved) >= 1) box.scrollTop += moved;
      return;
    }
  }

  /** Goes to the end. */
  toEnd(): void {
    this.box.scrollTop = this.box.scrollHeight;
    this.remember();
  }

  /** Shows a row at a part of the height, 0 being the top. */
  toRow(row: HTMLElement, part: number): void {
    const { box } = this;
    const free = Math.max(0, box.clientHeight - row.offsetHeight);
    const offset = row.getBoundingClientRect().top - box.getBoundingClientRect().top;
    box.scrollTop += offset - free * part;
    this.remember();
  }

  /** Returns the row with a key. */
  find(key: string): HTMLElement | null {
    return this.rows.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  /** Returns the rows on the screen, first to last. */
  visible(): HTMLElement[] {
    const rows = this.rows.children as HTMLCollectionOf<HTMLElement>;
    const { top, bottom } = this.box.getBoundingClientRect();
    const visible: HTMLElement[] = [];
    for (let index = this.#firstBelow(rows, top); index < rows.length; index += 1) {
      const row = rows[index];
      if (!row || row.getBoundingClientRect().top >= bottom) break;
      visible.push(row);
    }
    return visible;
  }

  /** Returns the index of the first row whose end is below a height: rows stand in order. */
  #firstBelow(rows: HTMLCollectionOf<HTMLElement>, top: number): number {
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) <= top) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
