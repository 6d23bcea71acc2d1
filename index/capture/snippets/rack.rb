# Gemfile:
gem "rbtrace", require: false

# At the top of config.ru. Without HEAPLINE=1 in the environment it costs nothing.
if ENV["HEAPLINE"]
  require "objspace"
  ObjectSpace.trace_object_allocations_start
  require "rbtrace"
end

# Then: HEAPLINE=1 bundle exec rackup, and heapline attach PID
# Or leave the program as it is: heapline run -- bundle exec rackup, and heapline attach PID
