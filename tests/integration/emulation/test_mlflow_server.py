import httpx

from controller.emulation.mlflow import MlflowServer


def post(url, path, body):
    answer = httpx.post(f"{url}/api/2.0/mlflow/{path}", json=body, timeout=30)
    return answer.raise_for_status().json()


def test_data_survives_a_kill(tmp_path):
    server = MlflowServer(tmp_path)
    with server:
        post(server.url, "experiments/create", {"name": "lead-scoring"})
        url = server.url
        server.kill()
        server.start()

        found = post(server.url, "experiments/search", {"max_results": 10})

    names = {experiment["name"] for experiment in found["experiments"]}
    assert names == {"Default", "lead-scoring"}
    assert server.url == url
