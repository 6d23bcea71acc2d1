# frozen_string_literal: true
# Hands out dumps of this process's heap through a socket, for heapline run (loaded before the program by RUBYOPT) and
# heapline attach. Loads nothing that a Gemfile could want in another version: no json, no socket.rb.
begin
  %w[objspace socket.so].each { |name| require name }
rescue LoadError then return # a Ruby that can't be dumped runs as it would without us
end
module HeaplineCapture
  # What the program, its libraries and its tests may replace or hook, as it is before.
  KEPT ||= { File => %i[open socket? unlink], Dir => %i[glob children pwd], Process => %i[exit! wait], Signal => %i[trap] }
           .flat_map { |owner, names| names.map { |name| [name, owner.method(name)] } }.to_h
  THREAD, CALL, LISTEN, NULL = *[Thread, UNIXSocket, UNIXServer].map { |kind| kind.method(:new) }, File::NULL unless const_defined?(:NULL, false)
  fork = Process.respond_to?(:fork) && Process.method(Process.respond_to?(:_fork) ? :_fork : :fork)
  fork = fork.super_method while fork && fork.super_method
  FORK ||= fork
  @dir = @argv = @kind = @tracing = @server = @conn = @listener = @waiter = nil unless defined?(@dir) # Ruby 2.7 would warn of some
  # What a thread's stack refers to: a forked child has none of the other threads, and yet has to know their objects.
  ThreadStack ||= Struct.new(:thread, :objects, :fibers)
  # These listen in a child that the program forks, too: threads do not survive a fork.
  module Daemon; def daemon(*); super.tap { HeaplineCapture.listen("fork") }; end; end
  module Fork; def _fork; super.tap { |pid| HeaplineCapture.listen("fork") if pid == 0 }; end; end # of Ruby 3.1 and newer
  module OldFork
    def fork
      return super.tap { |pid| HeaplineCapture.listen("fork") unless pid } unless block_given?
      super() { HeaplineCapture.listen("fork"); yield }
    end
  end
  module Threads; def list; super - HeaplineCapture.threads; end; end # without our own: some programs join all that there are
  class << self
    def threads; [@listener, @waiter]; end
    def start(dir)
      @dir, @argv, @pid = dir, [$0, *ARGV]
      listen("exec")
      Thread.singleton_class.prepend(Threads)
      old = !Process.respond_to?(:_fork)
      Process.singleton_class.prepend(Daemon, old ? OldFork : Fork)
      Kernel.singleton_class.prepend(OldFork) if old
      Object.prepend(OldFork.dup.tap { |copy| copy.send(:private, :fork) }) if old
      TracePoint.new(:thread_end) { @ended = true }.enable
      at_exit { answer("#{dir}/run.sock", "exit", %w[INT HUP TERM]) }
      trace
    end

    # Listens at PID.exec.sock, or PID.fork.sock in a forked child. Where that can't be, nobody will ask, and the program goes on.
    def listen(kind)
      return if @pid == Process.pid
      [@server, @conn].each { |io| io&.close } # or it would take calls for the parent, and keep those open that it has
      @pid, @kind, @waiter = Process.pid, kind
      KEPT[:glob].call("#{@pid}.*.sock", base: @dir) { |old| KEPT[:unlink].call("#{@dir}/#{old}") }
      @listener = THREAD.call(@server = LISTEN.call("#{@dir}/#{@pid}.#{kind}.sock")) { |server| await(server) }
      ThreadGroup.new.add(@listener)
    rescue StandardError
    end

    # Calls heapline, rather than waiting for its call. Signals are for heapline from then on.
    def answer(path, why, signals = [])
      return unless KEPT[:socket?].call(path)
      signals.each { |name| KEPT[:trap].call(name, "IGNORE") }
      serve(CALL.call(path), why)
    rescue StandardError # it has gone
    end
    private
    def trace; @tracing = GC.count.tap { ObjectSpace.trace_object_allocations_start }; end
    def now(clock = Process::CLOCK_MONOTONIC); Process.clock_gettime(clock, :microsecond); end
    def stop_gc; GC.disable; end

    # Waits for calls. Ruby finds a deadlock when the last thread begins to wait for others, not when it ends: this one waits then, too.
    def await(server, asleep = @ended = false)
      loop do
        before, used = asleep, now(Process::CLOCK_PROCESS_CPUTIME_ID)
        next serve(server.accept, "asked") if IO.select([server], nil, nil, 1)
        asleep = Thread.list.all? { |thread| Thread.instance_method(:inspect).bind_call(thread).end_with?("sleep_forever>") }
        break if asleep && before && !@ended && now(Process::CLOCK_PROCESS_CPUTIME_ID) - used < 10_000
        @ended &&= asleep
      end
      server.close || Thread.stop
    rescue Exception # nothing of ours ends a program that says Thread.abort_on_exception = true
    end

    # Answers one request: the word dump, with gc and trace if these are asked for.
    def serve(conn, why)
      return unless [0, Process.euid].include?((@conn = conn).getpeereid[0])
      others, traced = Thread.list - [Thread.current], ObjectSpace.allocation_generation(Object.new)
      say(conn, ["process", Process.pid, why, @kind, RUBY_VERSION, !!FORK, defined?(Ractor) ? Ractor.count : 1],
          ["threads", *others.map { |t| t.name || t.inspect[/ (\S+:\d+) /, 1] || "main thread" }],
          ["tracing", *(traced && (@tracing || "on"))], ["stopped", *(@tracing unless traced)], ["ready"])
      words = IO.select([conn], nil, nil, 30) ? conn.gets.to_s.split : []
      trace if words.include?("trace") && !traced
      dump(conn, words.include?("gc"), others) if words[0] == "dump"
    rescue StandardError => e
      failed(conn, e)
    ensure
      conn.close
    end

    # Dumps in a child's child, while the program goes on: it stops for as long as a fork takes. A GC in them would flush
    # the program's forgotten files. Stopping it before ends the one under way, and leaving stop_gc does what that has put off.
    def dump(conn, collect, others)
      stacks = others.map { |t| ThreadStack.new(t, all = ObjectSpace.reachable_objects_from(t) || [], all.grep(Fiber).map { |f| ObjectSpace.reachable_objects_from(f) }) }
      pid, (reader, writer), was_off, began = Process.pid, IO.pipe, stop_gc, now
      child = FORK && begin FORK.call || 0; rescue StandardError; end # no memory, or a closed $stdout, which fork flushes
      write_apart(reader, conn, collect, pid, stacks) if child == 0
      GC.enable unless was_off
      return write(conn, collect, pid) unless child
      say(conn, ["pause", now - began])
      @waiter = THREAD.call { KEPT[:wait].call(child) rescue nil } # before the program does that waits for any child
      Thread.pass until @waiter.stop?
      writer.write("!!") # what the child's child says comes after what we say
      @waiter.join
    ensure
      [reader, writer].each { |io| io&.close }
    end

    # In the child. Ctrl-C isn't for it, and nobody must wait for it who waits for the end of the program's streams. Their
    # numbers stay taken: what the program has not flushed yet is its own to write, and no file of ours is to get it.
    def write_apart(reader, conn, collect, pid, stacks)
      Process.setsid
      kept = [reader, conn, null = KEPT[:open].call(NULL, "r+")].map(&:fileno)
      ((KEPT[:children].call("/dev/fd") rescue [*0..1023]).map(&:to_i) - kept).each { |fd| IO.for_fd(fd, autoclose: false).reopen(null) rescue nil }
      last = FORK.call || 0
      IO.select([reader], nil, nil, 60) && reader.sysread(1)
      Process.setpriority(Process::PRIO_PROCESS, 0, 5) && write(conn, collect, pid, stacks) if last == 0
    rescue StandardError => e
      failed(conn, e)
    ensure
      KEPT[:exit!].call(true) # both of them, without what the program does at its end
    end
    def write(conn, collect, pid, _stacks = nil)
      say(conn, ["writer", Process.pid])
      GC.start if collect
      was_off = GC.disable # up to 3.3 it could run in the middle
      ObjectSpace.trace_object_allocations_stop if pid != Process.pid # what we make now is nobody's
      say(conn, ["pid", pid], ["ruby", RUBY_VERSION], ["platform", RUBY_PLATFORM], ["argv", *(@argv || [$0, *ARGV])], ["loadPath", *$LOAD_PATH],
          ["cwd", (KEPT[:pwd].call rescue "(deleted)")], ["gcStat", *GC.stat.flatten], ["gemDirs", *(Gem.path if defined?(Gem))], ["heap"])
      conn.dup.tap { |out| ObjectSpace.dump_all(output: out) }.close # up to 2.7 it has a buffer of its own
      say(conn, ["done"])
    rescue Exception => e
      failed(conn, e)
    ensure
      GC.enable unless was_off
      conn.shutdown(1) # closing is not enough where a child of the program has it too, forked by C or by another thread
    end
    def failed(conn, e); say(conn, ["\nfailed", "#{e.class}: #{e.message}"[0, 400]]); end
    def say(conn, *lines)
      conn.write(lines.map { |key, *values| "#{[key, *values.map { |value| [value.to_s].pack("m0") }].join(" ")}\n" }.join) rescue nil # nobody listens
    end
  end
end
ENV["HEAPLINE_CAPTURE"].then { |dir| HeaplineCapture.start(dir) if dir && defined?(UNIXServer) && File.socket?("#{dir}/run.sock") }
