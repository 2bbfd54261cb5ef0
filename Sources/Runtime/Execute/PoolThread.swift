import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A thread of a ``ThreadPool``, which lives as long as the process.
final class PoolThread: @unchecked Sendable {
  // Sendable: `next`, `work` and `worker` belong to the caller of the pool while `state` is idle, and are read by the thread once it
  // has seen the call.

  /// What the thread is doing.
  private enum State {
    /// Looking for a call.
    static let idle = 0
    /// Waiting for ``awakening``.
    static let asleep = 1
    /// Called, not yet at work.
    static let called = 2
    static let working = 3
  }
  private let state = Atomic(State.idle)
  private let awakening = DispatchSemaphore(value: 0)
  private unowned(unsafe) var work: (any SharedWork)?
  private var worker = 0
  /// The next thread of the chain that this one is in.
  var next: PoolThread?

  /// Starts a thread; `nil` when the system refuses.
  init?() {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // Some systems give threads too little for deep recursion.
    pthread_attr_setstacksize(&attributes, 8 << 20)
    let reference = Unmanaged.passRetained(self)
    #if canImport(Darwin)
    var thread: pthread_t?
    let status = pthread_create(
      &thread, &attributes, { Unmanaged<PoolThread>.fromOpaque($0).takeUnretainedValue().run() }, reference.toOpaque())
    #else
    var thread = pthread_t()
    let status = pthread_create(
      &thread, &attributes, { Unmanaged<PoolThread>.fromOpaque($0!).takeUnretainedValue().run() }, reference.toOpaque())
    #endif
    if status != 0 {
      reference.release()
      return nil
    }
  }

  /// Lets the thread join in `work`, which stays alive until ``dismiss()``.
  func call(for work: any SharedWork, _ worker: Int) {
    self.work = work
    self.worker = worker
    if state.exchange(State.called, ordering: .acquiringAndReleasing) == State.asleep { awakening.signal() }
  }

  /// Takes the call back, or waits until the thread has left the work.
  func dismiss() {
    if state.compareExchange(expected: State.called, desired: State.idle, ordering: .acquiringAndReleasing).exchanged { return }
    // It may be asleep by the time this thread looks.
    spin { state.load(ordering: .acquiring) != State.working }
  }

  private func run() -> Never {
    while true {
      awaitCall()
      if state.compareExchange(expected: State.called, desired: State.working, ordering: .acquiring).exchanged {
        work!.work(worker)
        state.store(State.idle, ordering: .releasing)
      }
    }
  }

  /// Returns when there may be a call: looks for one as long as the next inference of a caller in a loop takes to come, then sleeps.
  private func awaitCall() {
    for _ in 0..<spinLimit where state.load(ordering: .relaxed) == State.called { return }
    if state.compareExchange(expected: State.idle, desired: State.asleep, ordering: .acquiringAndReleasing).exchanged {
      awakening.wait()
    }
  }
}
