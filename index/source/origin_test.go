package source

import "testing"

func TestOrigin(t *testing.T) {
	for _, c := range []struct{ name, path, want string }{
		{"bundler's directory in a container", "/usr/local/bundle/gems/rack-2.2.6/lib/rack.rb", "rack-2.2.6"},
		{"rbenv", "/home/a/.rbenv/versions/3.3.0/lib/ruby/gems/3.3.0/gems/activerecord-7.1.3.2/lib/a.rb", "activerecord-7.1.3.2"},
		{"asdf", "/root/.asdf/installs/ruby/3.2.2/lib/ruby/gems/3.2.0/gems/puma-6.4.0/lib/puma.rb", "puma-6.4.0"},
		{"a platform gem", "/usr/local/bundle/gems/nokogiri-1.16.0-x86_64-linux/lib/nokogiri.rb", "nokogiri-1.16.0-x86_64-linux"},
		{"a gem with dashes", "/b/gems/net-http-persistent-4.0.2/lib/x.rb", "net-http-persistent-4.0.2"},
		{"a prerelease", "/b/gems/rails-7.2.0.beta1/lib/x.rb", "rails-7.2.0.beta1"},
		{"a git gem", "/b/ruby/3.1.0/bundler/gems/rails-1a2b3c4d5e6f/lib/x.rb", "rails-1a2b3c4d5e6f"},
		{"vendor/bundle", "/app/vendor/bundle/ruby/3.1.0/gems/rack-3.0.0/lib/rack.rb", "rack-3.0.0"},
		{"Debian's gems", "/usr/share/rubygems-integration/all/gems/rake-13.0.6/lib/rake.rb", "rake-13.0.6"},
		{"a Windows path", `C:\Ruby31\lib\ruby\gems\3.1.0\gems\rack-2.2.6\lib\rack.rb`, "rack-2.2.6"},
		{"Debian's standard library", "/usr/lib/ruby/3.1.0/set.rb", OriginStdlib},
		{"its C extensions", "/usr/lib/x86_64-linux-gnu/ruby/3.1.0/openssl.so", OriginStdlib},
		{"a C extension without a directory", "openssl.so", OriginStdlib},
		{"rubygems of Debian", "/usr/lib/ruby/vendor_ruby/rubygems/specification.rb", OriginStdlib},
		{"a builtin", "<internal:timev>", OriginInternal},
		{"rubygems as a builtin", "<internal:/usr/lib/ruby/vendor_ruby/rubygems/core_ext/kernel_require.rb>", OriginInternal},
		{"eval", "(eval at /srv/app.rb:12)", OriginEval},
		{"the application", "/app/app/models/user.rb", OriginApp},
		{"a directory of the application named gems", "/app/gems/local/lib/x.rb", OriginApp},
		{"a relative path", "main.rb", OriginApp},
	} {
		if got := Origin(c.path); got != c.want {
			t.Errorf("%s: %s is of %s, want %s", c.name, c.path, got, c.want)
		}
	}
}

func TestWithoutPlatform(t *testing.T) {
	for _, c := range []struct{ name, gem, want string }{
		{"Linux", "nokogiri-1.15.4-x86_64-linux", "nokogiri-1.15.4"},
		{"Linux with its C library", "ffi-1.16.0-x86_64-linux-gnu", "ffi-1.16.0"},
		{"a Mac", "nokogiri-1.15.4-arm64-darwin", "nokogiri-1.15.4"},
		{"a version of macOS", "nokogiri-1.15.4-x86_64-darwin-22", "nokogiri-1.15.4"},
		{"any Mac", "ffi-1.16.0-universal-darwin", "ffi-1.16.0"},
		{"Windows", "ffi-1.16.0-x64-mingw-ucrt", "ffi-1.16.0"},
		{"no platform", "rack-2.2.6", "rack-2.2.6"},
		{"Java has files of its own", "nokogiri-1.15.4-java", "nokogiri-1.15.4-java"},
		{"a commit", "rails-1a2b3c4d5e6f", "rails-1a2b3c4d5e6f"},
		{"a name with a machine's", "arm64-tools-1.0.0", "arm64-tools-1.0.0"},
	} {
		if got := WithoutPlatform(c.gem); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.gem, got, c.want)
		}
	}
}

func TestStdlibDir(t *testing.T) {
	for _, c := range []struct{ name, path, want string }{
		{"Docker's", "/usr/local/lib/ruby/3.1.0/set.rb", "/usr/local/lib/ruby/3.1.0"},
		{"of C extensions", "/usr/lib/x86_64-linux-gnu/ruby/3.1.0/rbconfig.rb", "/usr/lib/x86_64-linux-gnu/ruby/3.1.0"},
		{"on Windows", `C:\Ruby31\lib\ruby\3.1.0\set.rb`, "C:/Ruby31/lib/ruby/3.1.0"},
		{"a gem that is in a Ruby's folder", "/usr/local/bundle/ruby/3.1.0/gems/rack-2.2.6/lib/rack.rb", ""},
		{"what the distribution adds", "/usr/lib/ruby/vendor_ruby/rubygems.rb", ""},
		{"the application", "/app/lib/set.rb", ""},
		{"a builtin", "<internal:/usr/lib/ruby/3.1.0/x.rb>", ""},
	} {
		if got, ok := StdlibDir(c.path); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s: %s is in %q, want %q", c.name, c.path, got, c.want)
		}
	}
}
