/** The types of Kubernetes' "events" API, in the notation that schema.ts explains. */
export const events = `
EventsEvent
  action string
  apiVersion string
  deprecatedCount int32
  deprecatedFirstTimestamp time
  deprecatedLastTimestamp time
  deprecatedSource EventSource
  eventTime microtime
  kind string
  metadata ObjectMeta
  note string
  reason string
  regarding ObjectReference
  related ObjectReference
  reportingController string
  reportingInstance string
  series EventsEventSeries
  type string
EventsEventSeries
  count int32
  lastObservedTime microtime
`
