import OVRuntime

/// The members of a ZIP archive: those that are stored or deflated, without encryption; ZIP64 where NumPy writes it.
///
/// Every offset and length is checked against the file before it is used.
struct ZipArchive {
  struct Member {
    let name: String
    fileprivate let method: Int
    fileprivate let checksum: UInt32
    fileprivate let compressedSize: Int
    fileprivate let size: Int
    fileprivate let headerOffset: Int
  }

  private let file: WeightsBuffer
  /// In the order of the directory.
  let members: [Member]

  /// Reads the directory at the end of the file.
  ///
  /// - Throws: ``OVError/Code/unreadableFile``; ``OVError/Code/invalidData`` when it is no archive.
  init(path: String) throws(OVError) {
    let file = try FileSystem.contents(of: path)
    do throws(OVError) { try self.init(file) } catch { throw error.located(at: .init(path: path)) }
  }

  init(_ file: WeightsBuffer) throws(OVError) {
    self.file = file
    let reader = Reader(bytes: file.unsafeBytes)
    guard let end = reader.lastOffset(of: 0x0605_4B50, recordSize: 22, within: 65536 + 22) else {
      throw OVError(.invalidData, "not a .npz file: it has no archive directory", suggestion: "write it with numpy.savez")
    }
    var count = try reader.int(end + 10, 2)
    var start = try reader.int(end + 16, 4)
    if count == 0xFFFF || start == 0xFFFF_FFFF {
      guard try reader.int(end - 20, 4) == 0x0706_4B50 else { throw ZipArchive.damaged("it has no ZIP64 directory", at: end) }
      let record = try reader.int(end - 12, 8)
      guard try reader.int(record, 4) == 0x0606_4B50 else { throw ZipArchive.damaged("it has no ZIP64 directory", at: record) }
      count = try reader.int(record + 32, 8)
      start = try reader.int(record + 48, 8)
    }
    var members: [Member] = []
    var position = start
    for _ in 0..<count {
      let (member, next) = try ZipArchive.member(reader, at: position)
      members.append(member)
      position = next
    }
    self.members = members
  }

  private static func member(_ reader: Reader, at position: Int) throws(OVError) -> (Member, next: Int) {
    guard try reader.int(position, 4) == 0x0201_4B50 else { throw damaged("a directory entry is missing", at: position) }
    guard try reader.int(position + 8, 2) & 1 == 0 else { throw damaged("a member is encrypted", at: position) }
    let (nameLength, extraLength) = (try reader.int(position + 28, 2), try reader.int(position + 30, 2))
    let commentLength = try reader.int(position + 32, 2)
    let name = String(decoding: try reader.slice(position + 46, nameLength), as: UTF8.self)
    var compressedSize = try reader.int(position + 20, 4)
    var size = try reader.int(position + 24, 4)
    var offset = try reader.int(position + 42, 4)
    // The extra field with tag 1 holds what does not fit into 32 bits, in this order.
    var extra = position + 46 + nameLength
    let extraEnd = extra + extraLength
    while extra + 4 <= extraEnd {
      let (tag, length) = (try reader.int(extra, 2), try reader.int(extra + 2, 2))
      if tag == 1 {
        var field = extra + 4
        if size == 0xFFFF_FFFF {
          size = try reader.int(field, 8)
          field += 8
        }
        if compressedSize == 0xFFFF_FFFF {
          compressedSize = try reader.int(field, 8)
          field += 8
        }
        if offset == 0xFFFF_FFFF { offset = try reader.int(field, 8) }
      }
      extra += 4 + length
    }
    let member = Member(
      name: name, method: try reader.int(position + 10, 2), checksum: UInt32(try reader.int(position + 16, 4)),
      compressedSize: compressedSize, size: size, headerOffset: offset)
    return (member, extraEnd + commentLength)
  }

  /// The bytes of a member.
  ///
  /// - Throws: ``OVError/Code/invalidData`` when they are damaged or compressed in a way that NumPy does not use.
  func contents(of member: Member) throws(OVError) -> [UInt8] {
    defer { withExtendedLifetime(file) {} }
    let reader = Reader(bytes: file.unsafeBytes)
    let header = member.headerOffset
    guard try reader.int(header, 4) == 0x0403_4B50 else { throw ZipArchive.damaged("a member is missing", at: header) }
    let start = header + 30 + (try reader.int(header + 26, 2)) + (try reader.int(header + 28, 2))
    let data = try reader.slice(start, member.compressedSize)
    let bytes: [UInt8]
    do throws(OVError) {
      switch member.method {
      case 0:
        guard member.size == member.compressedSize else { throw ZipArchive.damaged("a member's size is wrong", at: header) }
        bytes = [UInt8](data)
      case 8: bytes = try Inflate.decompress(data, byteCount: member.size)
      default:
        throw OVError(
          .invalidData, "'\(OVError.printable(member.name))' is compressed by method \(member.method)", at: .init(fileOffset: header),
          suggestion: "write it with numpy.savez or numpy.savez_compressed")
      }
    } catch { throw error.located(at: .init(fileOffset: start)) }
    guard ZipArchive.checksum(bytes) == member.checksum else {
      throw ZipArchive.damaged("the checksum of '\(OVError.printable(member.name))' is wrong", at: start)
    }
    return bytes
  }

  private static func damaged(_ what: String, at offset: Int) -> OVError {
    OVError(.invalidData, "the archive is damaged: \(what)", at: .init(fileOffset: max(0, offset)))
  }

  private static let checksumTable: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
  }

  /// CRC-32 as ZIP has it.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { $0 >> 8 ^ checksumTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
  }

  /// Little-endian numbers of a file, each checked to lie within it.
  private struct Reader {
    let bytes: UnsafeRawBufferPointer

    func slice(_ offset: Int, _ count: Int) throws(OVError) -> UnsafeRawBufferPointer {
      guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
        throw ZipArchive.damaged("it ends too early", at: min(max(0, offset), bytes.count))
      }
      return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
    }

    func int(_ offset: Int, _ count: Int) throws(OVError) -> Int {
      let value = try slice(offset, count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      // Half of the range is left for sums of two.
      guard value < 1 << 62 else { throw ZipArchive.damaged("a number is too large", at: offset) }
      return Int(value)
    }

    func lastOffset(of signature: UInt32, recordSize: Int, within distance: Int) -> Int? {
      guard bytes.count >= recordSize else { return nil }
      var offset = bytes.count - recordSize
      let first = max(0, bytes.count - distance)
      while offset >= first {
        if bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian == signature { return offset }
        offset -= 1
      }
      return nil
    }
  }
}
