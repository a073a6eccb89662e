import { signal, type ReadonlySignal } from '@preact/signals'
import type { Sound } from './state/alarm.ts'

/** Whether what is to be heard can be. A browser wants a click or a key first, at each load. */
export type Arming = 'off' | 'armed' | 'unarmed' | 'unsupported'

interface Tone { readonly hz: number, readonly ms: number }

const tones: Record<Sound, readonly Tone[]> = {
  critical: [{ hz: 880, ms: 180 }, { hz: 660, ms: 180 }, { hz: 880, ms: 260 }],
  warning: [{ hz: 660, ms: 300 }],
  stream: [{ hz: 330, ms: 300 }, { hz: 220, ms: 500 }]
}

const vibrations: Record<Sound, number[]> = { critical: [200, 100, 200, 100, 400], warning: [200], stream: [500] }

const LOUDNESS = 0.25
/** A tone that starts and ends at once clicks. */
const RAMP_S = 0.015
const GAP_S = 0.04

export interface Speaker {
  readonly arming: ReadonlySignal<Arming>
  /** In answer to a click it is armed; else as soon as there is one. */
  switchOn (): void
  switchOff (): void
  /** Nothing, where nothing can be heard: what is late says what is over. */
  play (sound: Sound): void
}

/** Tones made by the browser, so that there is no file to load. */
export function createSpeaker (page: Document): Speaker {
  const arming = signal<Arming>('off')
  let context: AudioContext | null = null

  function look (): void {
    if (context !== null) arming.value = context.state === 'running' ? 'armed' : 'unarmed'
  }

  function resume (): void {
    if (context !== null && context.state !== 'running') void context.resume().then(look, look)
  }

  for (const name of ['click', 'keydown', 'touchend']) page.addEventListener(name, resume, { capture: true, passive: true })
  return {
    arming,
    switchOn () {
      if (!('AudioContext' in globalThis)) {
        arming.value = 'unsupported'
        return
      }
      if (context === null) {
        context = new AudioContext()
        // It may be taken away again, as on phones by a call.
        context.addEventListener('statechange', look)
      }
      look()
      resume()
    },
    switchOff () {
      void context?.close()
      context = null
      arming.value = 'off'
    },
    play (sound) {
      if (context?.state !== 'running') return
      playTones(context, tones[sound])
      // Where there is no such thing, or no gesture yet, it does nothing.
      if ('vibrate' in navigator) navigator.vibrate(vibrations[sound])
    }
  }
}

function playTones (context: AudioContext, sequence: readonly Tone[]): void {
  let at = context.currentTime + RAMP_S
  for (const { hz, ms } of sequence) {
    const end = at + ms / 1_000
    const oscillator = new OscillatorNode(context, { frequency: hz })
    const gain = new GainNode(context, { gain: 0 })
    gain.gain.setValueAtTime(0, at)
    gain.gain.linearRampToValueAtTime(LOUDNESS, at + RAMP_S)
    gain.gain.setValueAtTime(LOUDNESS, end - RAMP_S)
    gain.gain.linearRampToValueAtTime(0, end)
    oscillator.connect(gain).connect(context.destination)
    oscillator.start(at)
    oscillator.stop(end)
    at = end + GAP_S
  }
}
