# frozen_string_literal: true
# ruby -r ./compact.rb server.rb OUTDIR: compacts the heap before the second and every later dump.
#
# So that most objects have to move, half of what this file allocates first of all dies before each compaction.
# Up to Ruby 3.3 an object that moves loses its allocation site: HOLES=0 leaves most of them where they are.
require "objspace"
require "rbconfig" # net/http relies on RubyGems for it

module CompactFirst
  HOLES = Integer(ENV.fetch("HOLES", "30_000"))
  JUNK = Array.new(2) { Array.new(HOLES) { Object.new } }

  def dump_all(**options)
    if @dumped
      JUNK.pop
      GC.start
      GC.compact
    end
    @dumped = true
    super
  end
end
ObjectSpace.singleton_class.prepend(CompactFirst)
