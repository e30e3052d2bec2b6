# The README's two commands: `make run` and `make test`. Both set up everything they need in .venv; later runs are quick.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.PHONY: run test lint browser format benchmarks results lock clean
.DEFAULT_GOAL := run

QUESTIONS := \
	"Hoe lang duurt de opleiding voor nieuwe medewerkers?" \
	"Combien de temps dure la formation des nouveaux agents ?" \
	"How long is the training for new agents?" \
	"Quanto tempo dura o treinamento dos novos atendentes?" \
	"Nhân viên mới được đào tạo trong bao lâu?"

run: $(INSTALLED)
	$(BIN)/dragoman index samples
	@for question in $(QUESTIONS); do echo; echo "? $$question"; $(BIN)/dragoman ask "$$question" || exit; done
	@echo
	@$(BIN)/dragoman serve

# In two processes, since many tests wait for a server or a browser; the tests of a file stay together.
test: $(INSTALLED) lint browser
	$(BIN)/pytest -n 2 --dist loadfile

# The page is tested in a browser. Where there is none, Debian's root gets Debian's; elsewhere these tests are skipped.
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable
browser:
	@for name in $(BROWSERS); do if command -v $$name >/dev/null; then exit 0; fi; done; \
	if [ "$$(id -u)" = 0 ] && grep -qs '^ID=debian' /etc/os-release; then \
		echo "Installing chromium for the tests of the page"; apt-get update -qq; \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null || true; \
	else echo "No browser: the tests of the page are skipped"; fi

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmarks: $(INSTALLED)
	for benchmark in benchmarks/*.py; do $(BIN)/python -m benchmarks.$$(basename $$benchmark .py) || exit; done

# Measures everything in evaluation/results anew, about two hours, and goes on where it was stopped. XQUAD_R and SEEDS name
# the two sets that are not part of this project; without them, theirs stay as they are.
JOBS ?= 2
RESULTS := evaluation/results
OURS := --system dragoman --system keyword --system dense --system dense+keyword
results: $(INSTALLED)
	$(BIN)/dragoman evaluate samples --split test --system all --json $(RESULTS)/samples.json
	$(BIN)/dragoman evaluate samples --split tune --system all --json $(RESULTS)/samples-tune.json --no-questions
ifdef SEEDS
	$(BIN)/dragoman evaluate seeds --corpus $(SEEDS) --system all --json $(RESULTS)/seeds.json --no-questions
endif
ifdef XQUAD_R
	$(BIN)/dragoman evaluate $(XQUAD_R) $(OURS) --jobs $(JOBS) --json $(RESULTS)/xquad-r.json --no-questions
	$(BIN)/dragoman evaluate $(XQUAD_R) --sample 50 --system dragoman --system langchain \
		--json $(RESULTS)/xquad-r-langchain.json --no-questions
	$(BIN)/dragoman evaluate $(XQUAD_R)+unanswerable --sample 300 --settings mixed \
		--system dragoman --system keyword --system dense \
		--json $(RESULTS)/xquad-r-unanswerable.json --no-questions
endif

# Writes requirements.lock anew from pyproject.toml. A build label such as "+cpu" is the local machine's own.
lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet torch==2.13.0 --editable '.[dev,baseline]'
	{ echo '# Every version that the tests passed with. Written by "make lock".'; \
		.venv-lock/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//'; } > requirements.lock
	rm -rf .venv-lock

clean:
	rm -rf $(VENV) .dragoman

# The stamp is written last, so an install that was cut short is taken up again.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Dragoman needs Python 3.11 or newer: name one with PYTHON=..., as in: make run PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar on -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@
