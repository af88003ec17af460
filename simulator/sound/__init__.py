"""The sound of the simulated network: what callees say, what exchanges play, what modems carry.

Sound runs in real time: at any other `speed` than 1 nothing is heard; keys are still pressed.
Modules that need numpy (waves, speech, rates, listen) are loaded when sound is first asked for.
"""
