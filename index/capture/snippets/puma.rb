# Gemfile:
gem "rbtrace", require: false

# At the top of config/puma.rb. Without HEAPLINE=1 in the environment it costs nothing.
if ENV["HEAPLINE"]
  require "objspace"
  ObjectSpace.trace_object_allocations_start # workers inherit it
  require "rbtrace"
end

# Then: HEAPLINE=1 bundle exec puma, and heapline attach PID of the worker that has grown
# Or leave the program as it is: heapline run -- bundle exec puma, and heapline attach PID
