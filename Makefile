# For fingers that type make. The front door is ./lab.
setup run test check demo bench soak doctor verify:
	@./lab $@

.PHONY: setup run test check demo bench soak doctor verify
