# Gemfile:
gem "rbtrace", require: false

# At the top of the file that Sidekiq loads first (with Rails: config/boot.rb). Without HEAPLINE=1 in the environment
# it costs nothing.
if ENV["HEAPLINE"]
  require "objspace"
  ObjectSpace.trace_object_allocations_start
  require "rbtrace"
end

# Then: HEAPLINE=1 bundle exec sidekiq, and heapline attach PID --count 3 --every 10m
# Or leave the program as it is: heapline run -- bundle exec sidekiq, and heapline attach PID
