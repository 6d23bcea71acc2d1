# frozen_string_literal: true
# What every scenario shares: `ruby --disable-gems NAME.rb OUT-1.json OUT-2.json OUT-3.json` serves three
# equal steps of requests, writes a dump after each, and has noise.rb beside it as any program has.
#
# The truth about a scenario stands in its own code, NAME.rb and the files under NAME/, as words in the
# comment at the end of a line. A scenario without such a word has no leak.
#
#   leak:alloc        allocates what the holder holds: the leaked objects that retain all others; where several
#                     lines have it, such objects hold each other in a ring, and any one of the lines is right
#   leak:alloc=FILE   the same, where FILE is Ruby's own (`<internal:timev>`), whose lines differ by version
#   leak:feeder       allocates leaked objects that hang on those (not on every Ruby: which line a `def` or a
#                     block that becomes a Proc counts for differs by version)
#   leak:holder       allocates the object that the leaked ones accumulate in (none: a root does; of a Set it is the Set)
#   leak:grows        allocates one object that gets bigger and bigger, without new objects
#   leak2:alloc, …    the same for the second leak in one scenario
#
# The second line of NAME.rb says in a sentence what it does.
require "objspace"

module Harness
  REQUESTS = 600 # a step

  # Yields (number of the request, number of the step 0..2).
  def self.run
    random = Random.new(11)
    id = 0
    until_gc = 30
    ARGV.each_with_index do |out, step|
      REQUESTS.times do
        id += 1
        Noise.request(id)
        yield id, step
        next if (until_gc -= 1).positive?

        # Some twenty collections a step, a few of them full ones, at uneven distances.
        until_gc = random.rand(10..50)
        GC.start(full_mark: random.rand(5).zero?, immediate_sweep: true)
      end
      GC.start
      File.open(out, "w") { |f| ObjectSpace.dump_all(output: f) }
    end
  end
end

# The script is compiled before it can get here: so load it again, this time with its allocations traced.
ObjectSpace.trace_object_allocations_start
require_relative "noise"
load File.expand_path($PROGRAM_NAME)
exit
