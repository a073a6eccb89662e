import type { Log } from '../lib/log.ts'

const LOGGED_STEP_PERCENT = 10

/** Shows how far a long piece of work is. */
export interface Progress {
  /** @param total may change, because the work ends at a now that moves */
  update (written: number, total: number): void
  end (): void
  /** Takes it off the screen for a line of the log; it comes back by itself. */
  clear (): void
}

/** A bar, for a terminal. */
export async function barProgress (stream: NodeJS.WriteStream): Promise<Progress> {
  const { default: { SingleBar, Presets } } = await import('cli-progress')
  const format = 'backfill {bar} {percentage}% | {value}/{total} points | {eta_formatted} left'
  // Without gracefulExit: signals are main.ts's.
  const bar = new SingleBar({ stream, format, hideCursor: true, gracefulExit: false }, Presets.shades_classic)
  return {
    update (written, total) {
      if (!bar.isActive) bar.start(total, 0)
      bar.setTotal(total)
      bar.update(written)
    },
    end: () => bar.stop(),
    clear () {
      if (bar.isActive) stream.write('\r\x1b[K')
    }
  }
}

/** A line of the log every 10 %, for a file. */
export function logProgress (log: Log): Progress {
  let logged = 0
  return {
    update (written, total) {
      const percent = total === 0 ? 0 : Math.floor(100 * written / total)
      if (percent < logged + LOGGED_STEP_PERCENT) return
      logged = percent - percent % LOGGED_STEP_PERCENT
      log.info({ event: 'backfill_progress', percent, written, total }, 'backfill goes on')
    },
    end () {},
    clear () {}
  }
}
