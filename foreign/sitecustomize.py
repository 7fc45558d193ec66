"""Set the clock of a program to the scenario's: `CLOCK_AT` is an ISO time.

Python imports this by itself where it is on the path. The program is unchanged; it only
believes that it runs on a day of which there is history.
"""

import os

if "CLOCK_AT" in os.environ:
    import time_machine

    time_machine.travel(os.environ["CLOCK_AT"], tick=True).start()
