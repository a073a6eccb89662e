import type { JSX } from 'preact'
import { useMemo, useRef } from 'preact/hooks'
import type { Pop } from '../../client/types.ts'
import type { Look } from '../state/look.ts'
import type { MapMark } from '../state/map-marks.ts'
import { VIEW } from '../state/projection.ts'
import { percentIn } from './map-fit.ts'
import { useMapLayout } from './map-layout.ts'
import { MapList } from './map-list.tsx'
import { MapGround, MapLines, MapMarks, MapNames, Ring, Watermark } from './map-picture.tsx'
import { usePointing } from './map-pointing.ts'
import { MapTip, wordsOf } from './map-tip.tsx'
import { MapBanner, MapLegend, MapUnnamed, whyEmpty } from './map-words.tsx'

export interface WorldMapProps {
  readonly pops: readonly Pop[]
  readonly look: Look
  /** Of what time it is, when that is not now. */
  readonly asOf: string | null
  /** The PoP that is open. */
  readonly selected: string | null
  readonly simulated: boolean
  /** There is data, and it says that there are no PoPs. */
  readonly isEmpty: boolean
  /** In which a PoP must have reported to be one, for the words. */
  readonly overviewWindowMs: number | null
  readonly onSelect: (code: string) => void
  readonly onNoLocation: () => void
}

const none: readonly Pop[] = []

/** Where PoPs are, and how. One tab stop: arrow keys go from mark to mark, Enter opens. Its text alternative is the table. */
export function WorldMap (props: WorldMapProps): JSX.Element {
  const { pops, look, asOf, selected, simulated, isEmpty, overviewWindowMs, onSelect, onNoLocation } = props
  const field = useRef<HTMLDivElement>(null)
  const layout = useMapLayout(field, look === 'none' || isEmpty ? none : pops, selected)
  const { places, height, fit, unit, marks, labels } = layout
  const ground = useMemo(() => <MapGround look={look} unit={unit} />, [look, unit])
  const lines = useMemo(() => <MapLines marks={marks} labels={labels} />, [marks, labels])
  const picture = useMemo(() => <MapMarks marks={marks} />, [marks])
  const names = useMemo(() => <MapNames labels={labels} unit={unit} />, [labels, unit])
  const { hovered, active, isFocused, onField, onList } = usePointing({ field, marks, fit, height, selected, onSelect })
  const open = marks.find(({ place }) => selected !== null && place.codes.includes(selected))
  const wordsAt = (mark: MapMark | null) => mark === null ? null : wordsOf(mark.place, pops, asOf)
  const told = hovered ?? (isFocused ? active : null)
  const tip = wordsAt(told)
  const option = wordsAt(active)
  const why = whyEmpty(look, places, isEmpty, overviewWindowMs)
  return (
    <div class='world-map' data-look={look} role='group' aria-label={simulated ? 'World map, simulated' : 'World map'}>
      <div ref={field} class={`map-field${hovered === null ? '' : ' map-pointed'}`} {...onField}>
        <svg viewBox={`0 0 ${VIEW.width} ${height}`} aria-hidden='true'>
          {ground}
          {fit !== null && <>{lines}{picture}{names}</>}
          {open !== undefined && <Ring mark={open} unit={unit} kind='selected' />}
          {isFocused && active !== null && <Ring mark={active} unit={unit} kind='active' />}
          {simulated && <Watermark height={height} />}
        </svg>
        {active !== null && option !== null && (
          <MapList
            words={option} id={active.place.key} index={marks.indexOf(active)} size={marks.length}
            isSelected={active === open} handlers={onList}
          />
        )}
        {tip !== null && told !== null && fit !== null && field.current !== null && (
          <MapTip words={tip} {...percentIn(field.current, told, fit.perPx, height)} />
        )}
        {(look === 'old' || asOf !== null) && <MapBanner asOf={asOf} />}
        {why !== null && <p class='map-why'>{why}</p>}
      </div>
      <div class='map-foot'>
        {places.unlocated > 0 && (
          <button type='button' class='map-unlocated' onClick={onNoLocation}>no location: {places.unlocated}</button>
        )}
        <MapUnnamed unnamed={layout.unnamed} covered={layout.covered} />
        <MapLegend />
      </div>
    </div>
  )
}
