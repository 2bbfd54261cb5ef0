/// What a step sees of a request while it runs: raw addresses.
struct StepMemory: @unchecked Sendable {
  // Sendable: workers of one inference write disjoint parts between barriers.
  /// The base address of each of the plan's buffers.
  let buffers: UnsafeMutablePointer<UnsafeMutableRawPointer>
  /// Where a step leaves an error; read when the inference is over.
  unowned(unsafe) let failure: StepFailure
  /// The request's variables; touched by one step at a time.
  unowned(unsafe) let variables: VariableStore

  /// The address of a view's first element.
  @inline(__always) func address(_ view: borrowing View) -> UnsafeMutableRawPointer { buffers[view.buffer] + view.byteOffset }
  @inline(__always) func address(_ place: Place) -> UnsafeMutableRawPointer { buffers[place.buffer] + place.byteOffset }
  /// The address of a place that holds 32-bit floats.
  @inline(__always) func floats(_ place: Place) -> UnsafeMutablePointer<Float> { address(place).assumingMemoryBound(to: Float.self) }
}

/// The part of a view that is needed at run time.
struct Place: Sendable {
  let buffer: Int
  let byteOffset: Int
  init(_ view: View) {
    buffer = view.buffer
    byteOffset = view.byteOffset
  }
}

/// The first error of an inference.
final class StepFailure: Sendable {
  private let state = Locked<OVError?>(nil)
  func record(_ error: OVError) { state.withLock { $0 = $0 ?? error } }
  func take() -> OVError? {
    state.withLock { error in
      defer { error = nil }
      return error
    }
  }
}

/// One kernel call of a plan: everything decided, only addresses missing.
final class Step: Sendable {
  typealias Body = @Sendable (_ memory: StepMemory, _ worker: Int, _ workers: Int) -> Void

  /// The node it computes, and what it is called in profiles.
  let info: StepInfo
  /// Whether the work is divided among the workers; otherwise one worker does it alone.
  let isParallel: Bool
  let body: Body

  init(info: StepInfo, isParallel: Bool, body: @escaping Body) {
    self.info = info
    self.isParallel = isParallel
    self.body = body
  }
}

/// What was chosen for one step of a compiled model.
public struct StepInfo: Hashable, Sendable {
  /// The node that the step computes, or for whose sake it moves data.
  public let nodeName: String
  public let nodeType: String
  /// The kernel's name, such as `conv_f32_6x16_avx2`; `reference` for the readable fallback.
  public let kernel: String
  /// The element type the kernel computes in.
  public let precision: ElementType
  /// The nodes whose work was fused into this step.
  public let fusedNames: [String]
  /// Additions and multiplications, convolutions and products counted as direct ones.
  public let floatingPointOperations: Int
  /// Bytes read and written at least once.
  public let byteCount: Int
}
