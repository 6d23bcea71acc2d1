# At the top of the program, before it requires anything:
require "objspace"
ObjectSpace.trace_object_allocations_start

# Where the memory is there:
GC.start
File.open("app.heap", "w", 0o600) { |f| ObjectSpace.dump_all(output: f) }

# Or leave the program as it is:
#   heapline run -- ruby app.rb
