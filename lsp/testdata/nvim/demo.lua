-- make demo EDITOR=nvim: Neovim without anyone's own configuration, three dumps of the sample app loaded.

local repository = vim.fs.abspath(debug.getinfo(1, 'S').source:sub(2)):match('^(.*)/lsp/testdata/nvim/[^/]+$')
local app = vim.fs.joinpath(repository, 'testdata/leaky')

vim.opt.runtimepath:prepend(repository)
vim.o.number = true
vim.o.signcolumn = 'yes'
vim.o.swapfile = false

vim.lsp.config('heapline', {
  root_dir = app, -- the sample has no Gemfile and is inside another repository
  settings = { heapline = { dump = { 'leak-1.json.gz', 'leak-2.json.gz', 'leak-3.json.gz' } } },
})
vim.lsp.enable('heapline')

vim.api.nvim_create_autocmd('VimEnter', {
  callback = function()
    vim.notify(':8 and K: what line 8 holds   :HeaplineLoad <Tab>: another dump   :HeaplineUnload   :qa: leave')
  end,
})
