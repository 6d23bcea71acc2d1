# frozen_string_literal: true
# Hands out dumps of this process's heap through a socket, for heapline run (loaded before the program by RUBYOPT) and
# heapline attach. Loads nothing that a Gemfile could want in another version: no json, no socket.rb.
begin
  require "objspace"
  require "socket.so"
rescue LoadError
  return # a Ruby that can't be dumped runs as it would without us
end
module HeaplineCapture
  # What a thread's stack refers to: a forked child has none of the other threads, and yet has to know their objects.
  class ThreadStack
    def initialize(thread)
      @thread = thread
      @objects = ObjectSpace.reachable_objects_from(thread) || []
      @fibers = @objects.grep(Fiber).map { |fiber| ObjectSpace.reachable_objects_from(fiber) }
    end
  end
  # These listen in a child that the program forks, too: threads do not survive a fork.
  module Daemon
    def daemon(*); super.tap { HeaplineCapture.listen("fork") }; end
  end
  module Fork # of Ruby 3.1 and newer
    def _fork; super.tap { |pid| HeaplineCapture.listen("fork") if pid == 0 }; end
  end
  module OldFork
    def fork
      return super.tap { |pid| HeaplineCapture.listen("fork") unless pid } unless block_given?
      super() { HeaplineCapture.listen("fork") || yield }
    end
  end
  module Threads # without our own: some programs join all that there are
    def list; super - [HeaplineCapture.listener]; end
  end

  class << self
    attr_reader :listener
    def start(dir)
      @dir, @argv, @pid, @server = dir, [$0, *ARGV]
      listen("exec")
      Thread.singleton_class.prepend(Threads)
      old = !Process.respond_to?(:_fork)
      Process.singleton_class.prepend(Daemon, old ? OldFork : Fork)
      Kernel.singleton_class.prepend(OldFork) if old
      Object.prepend(OldFork.dup.tap { |copy| copy.send(:private, :fork) }) if old
      at_exit { %w[INT HUP TERM].each { |name| trap(name, "IGNORE") } && answer("#{dir}/run.sock", "exit") if File.socket?("#{dir}/run.sock") }
      trace
    end

    # Named PID.exec.sock, or PID.fork.sock in a child that was forked. Returns nil, whatever happens: without the
    # folder, which goes with heapline run, nobody will ask.
    def listen(kind)
      return if Thread.current[:heapline] || @pid == Process.pid
      [@server, @conn].each { |io| io&.close } # or it would take calls for the parent, and keep those open that it has
      @pid, @kind = Process.pid, kind
      Dir.glob("#{@pid}.*.sock", base: @dir) { |old| File.unlink("#{@dir}/#{old}") }
      server = @server = UNIXServer.new("#{@dir}/#{@pid}.#{kind}.sock")
      @listener = Thread.new { loop { serve(server.accept, "asked") } rescue nil }
      @listener.report_on_exception = nil
    rescue SystemCallError, ArgumentError
      nil
    end

    # Calls heapline, rather than waiting for its call.
    def answer(path, why)
      serve(UNIXSocket.new(path), why)
    rescue SystemCallError # it has gone
    end

    private
    def trace; @tracing = GC.count.tap { ObjectSpace.trace_object_allocations_start }; end

    # Answers one request: the word dump, with gc and trace if these are asked for.
    def serve(conn, why)
      return unless [0, Process.euid].include?((@conn = conn).getpeereid[0])
      Thread.current[:heapline] = true
      say(conn, "process", Process.pid, why, @kind, RUBY_VERSION, Process.respond_to?(:fork), defined?(Ractor) ? Ractor.count : 1)
      say(conn, "threads", *(others = Thread.list - [Thread.current]).map { |t| t.name || t.inspect[/ (\S+:\d+) /, 1] || "main thread" })
      say(conn, "tracing", *(@tracing || (ObjectSpace.allocation_generation(Object.new) && "on")))
      say(conn, "ready")
      words = IO.select([conn], nil, nil, 30) ? conn.gets.to_s.split : []
      trace if words.include?("trace") && !@tracing
      dump(conn, words.include?("gc"), others) if words[0] == "dump"
    rescue StandardError => e
      say(conn, "\nfailed", "#{e.class}: #{e.message}"[0, 400])
    ensure
      Thread.current[:heapline] = nil
      conn.close
    end

    # Dumps in a child's child, which the program can't wait for by mistake. It stops for as long as a fork takes.
    def dump(conn, collect, others)
      return write(conn, collect, Process.pid) unless Process.respond_to?(:fork)
      reader, writer = IO.pipe
      pid, began = Process.pid, Process.clock_gettime(Process::CLOCK_MONOTONIC, :microsecond)
      stacks = others.map { |thread| ThreadStack.new(thread) }
      child = fork do
        fork || writer.close || (reader.read(1) && let_go(conn) && write(conn, collect, pid, stacks))
      ensure
        exit! # both of them, without what the program does at its end
      end
      say(conn, "pause", Process.clock_gettime(Process::CLOCK_MONOTONIC, :microsecond) - began)
      writer.write("!") # what the child says comes after what we say
      Process.wait(child)
    rescue Errno::ECHILD # the program waits for all of its children
    rescue Errno::ENOMEM, Errno::EAGAIN
      write(conn, collect, pid)
    ensure
      [reader, writer].compact.each(&:close)
    end

    # Whoever waits for the end of the program's streams must not wait for the dump; ctrl-C and the processor aren't for us.
    def let_go(conn)
      Process.setsid
      Process.setpriority(Process::PRIO_PROCESS, 0, 5)
      Dir.children("/dev/fd").map(&:to_i).each do |fd|
        next if fd == conn.fileno
        fd > 2 ? IO.for_fd(fd).close : IO.for_fd(fd, fd == 0 ? "r" : "w", autoclose: false).reopen(File::NULL, fd == 0 ? "r" : "w")
      rescue SystemCallError, ArgumentError, IOError # closed already, or Ruby's own
      end
    end

    def write(conn, collect, pid, _stacks = nil)
      say(conn, "writer", Process.pid)
      GC.start if collect
      was_off = GC.disable # up to 3.3 it could run in the middle
      ObjectSpace.trace_object_allocations_stop if pid != Process.pid # what we make now is nobody's
      { pid: pid, ruby: RUBY_VERSION, platform: RUBY_PLATFORM, argv: @argv || [$0, *ARGV], cwd: Dir.pwd,
        gcStat: GC.stat.to_a.flatten, gemDirs: defined?(Gem) ? Gem.path : [], loadPath: $LOAD_PATH, heap: [] }
        .each { |key, values| say(conn, key, *values) }
      ObjectSpace.dump_all(output: out = conn.dup)
      out.close # up to 2.7 it has a buffer of its own
      say(conn, "done")
    rescue Exception => e
      say(conn, "\nfailed", "#{e.class}: #{e.message}"[0, 400])
    ensure
      GC.enable unless was_off
      conn.shutdown(1) # closing is not enough where a child of the program has it too, forked by C or by another thread
    end

    def say(conn, key, *values)
      conn.write("#{[key, *values.map { |value| [value.to_s].pack("m0") }].join(" ")}\n")
    rescue SystemCallError, IOError # nobody listens any more
    end
  end
end

dir = ENV["HEAPLINE_CAPTURE"]
HeaplineCapture.start(dir) if dir && defined?(UNIXServer) && File.socket?("#{dir}/run.sock")
