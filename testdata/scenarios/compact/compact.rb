# frozen_string_literal: true
# ruby -r ./compact.rb server.rb OUTDIR: compacts the heap before the second and every later dump.
require "objspace"

module CompactFirst
  def dump_all(**options)
    GC.compact if @dumped
    @dumped = true
    super
  end
end
ObjectSpace.singleton_class.prepend(CompactFirst)
