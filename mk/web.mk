# The passport page's script: made from backend/web/verify and npm packages, committed as one file.
.PHONY: web

web: node_modules/.ready ## rebuild backend/web/static/verify.js from its sources
	@PATH=$(CURDIR)/node_modules/.bin:$(PATH):$(CURDIR)/.venv/bin npm run --silent build:web
