"""pporun itself, by its command: python pporun_ppo.py RANKS ENGINE"""
import json
import os
import subprocess
import sys
import tempfile
import time

from common import BEGAN, GOAL, SETTING, SETTINGS, TOTAL

np, engine = sys.argv[1:]
sizes = ["--num-envs", SETTINGS["envs"], "--num-steps", SETTINGS["steps"], "--batch-size", SETTINGS["batch"]]
learning = ["--update-epochs", SETTINGS["epochs"], "--learning-rate", SETTINGS["lr"], "--total-steps", TOTAL]
with tempfile.TemporaryDirectory() as folder:
    out = os.path.join(folder, "run")
    command = ["node", "launcher/pporun.mjs", "-np", np, "--quiet", "--out", out, "train", "--preset", "cleanrl"]
    words = [*command, "--env", "CartPole-v1", "--engine", engine, *sizes, *learning]
    job = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL)
    metrics = os.path.join(out, "metrics.jsonl")
    first = None
    while first is None and job.poll() is None:
        if os.path.exists(metrics) and os.path.getsize(metrics) > 0:
            first = time.time()
        time.sleep(0.002)
    if job.wait() != 0:
        sys.exit(job.returncode)
    updates = [json.loads(line) for line in open(metrics)]
    sps = json.load(open(os.path.join(out, "run.json")))["sps"]
started = first - updates[0]["seconds"]
reached = [u for u in updates if (u["charts/episodic_return"] or 0) >= GOAL]
row = {"env": f"CartPole-v1, {SETTING}", "system": f"pporun, {engine}" + (f", np {np}" if np != "1" else "")}
row |= {"stepsPerSecond": sps, "s to first update": first - BEGAN}
if GOAL != float("inf"):
    row["s to threshold"] = started + reached[0]["seconds"] - BEGAN if reached else None
    row["steps to threshold"] = reached[0]["steps"] if reached else None
print(json.dumps([row]))
