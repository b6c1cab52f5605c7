/** What the workers of a source have done. */
export interface WorkCounts {
  reading: number
  /** Of those, how many wait for room in the queue. */
  waitingForRoom: number
  completed: number
  failed: number
  takenOver: number
  repeatedMessages: number
  bytes: number
}
