# Gemfile:
gem "rbtrace", require: false

# config/boot.rb, below the line that requires bundler/setup. Without HEAPLINE=1 in the environment it costs nothing.
if ENV["HEAPLINE"]
  require "objspace"
  ObjectSpace.trace_object_allocations_start
  require "rbtrace"
end

# Then: HEAPLINE=1 bin/rails server, and heapline attach PID (of a worker, where Puma has several)
# Or leave the program as it is: heapline run -- bin/rails server, and heapline attach PID
