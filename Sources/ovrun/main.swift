#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

Console.ignoreBrokenPipes()
exit(Tool.run(Array(CommandLine.arguments.dropFirst())).rawValue)
