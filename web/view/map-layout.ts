import type { RefObject } from 'preact'
import { useMemo, useRef } from 'preact/hooks'
import type { Pop } from '../../client/types.ts'
import { labelsOf, type MapLabels } from '../state/map-labels.ts'
import { marksOf, type MapMarks } from '../state/map-marks.ts'
import { nowhere, placesOf, type Places } from '../state/places.ts'
import { shownHeight } from '../state/projection.ts'
import { useFit, type Fit } from './map-fit.ts'

export interface MapLayout extends MapMarks, MapLabels {
  readonly places: Places
  /** Of the part of the view that is shown. */
  readonly height: number
  /** null: it is not on the screen. */
  readonly fit: Fit | null
  readonly unit: number
}

/** What is drawn where. Each part keeps its identity until what it depends on changes, which a tick mostly does not. */
export function useMapLayout (field: RefObject<HTMLElement | null>, pops: readonly Pop[], selected: string | null): MapLayout {
  const last = useRef(nowhere)
  const known = placesOf(pops, last.current)
  last.current = known
  const { places } = known
  const height = useMemo(() => shownHeight(places), [places])
  const fit = useFit(field, height)
  const unit = fit?.unit ?? 1
  const marks = useMemo(() => marksOf(places, unit, height), [places, unit, height])
  const labels = useMemo(() => labelsOf(marks.marks, { unit, height, selected }), [marks, unit, height, selected])
  return { places: known, height, fit, unit, ...marks, ...labels }
}
