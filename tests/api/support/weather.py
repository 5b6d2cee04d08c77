"""OpenWeather's current-weather endpoint as far as errand knows it, on a free loopback port.

    with WeatherService() as service:
        server = start_server(**service.options)

Answers have the form, and the refusals the words, of the real one. What a city gets can be changed:
`service.answers["moscow"] = hold(...)`. `service.requests` has the query of every request so far.
"""

from urllib.parse import parse_qs, urlsplit

from support.service import Service, answer

KEY = "0123456789abcdef0123456789abcdef"


def weather(temperature=15.5, condition="Clouds", humidity=71, wind=4.12, **parts):
    """A body as the real service sends it."""
    return {
        "coord": {"lon": 37.6156, "lat": 55.7522},
        "weather": [{"id": 803, "main": condition, "description": "broken clouds", "icon": "04d"}],
        "base": "stations",
        "main": {
            "temp": temperature,
            "feels_like": 15.02,
            "temp_min": 14.9,
            "temp_max": 16.4,
            "pressure": 1013,
            "humidity": humidity,
        },
        "visibility": 10000,
        "wind": {"speed": wind, "deg": 240},
        "clouds": {"all": 75},
        "dt": 1748097300,
        "sys": {"type": 2, "id": 47754, "country": "RU", "sunrise": 1748048400},
        "timezone": 10800,
        "id": 524901,
        "name": "Moscow",
        "cod": 200,
        **parts,
    }


WRONG_KEY = {
    "cod": 401,
    "message": "Invalid API key. Please see https://openweathermap.org/faq#error401 for more info.",
}
UNKNOWN_CITY = {"cod": "404", "message": "city not found"}
TOO_OFTEN = {"cod": 429, "message": "Your account is temporary blocked due to exceeding of limits"}


class WeatherService(Service):
    def __init__(self):
        super().__init__(answer(weather()))
        self.key = KEY
        self.answers = {}  # what to do, by city as it is asked for; else as usual

    @property
    def requests(self):
        """The queries so far."""
        return [query_of(path) for path in self.paths]

    @property
    def cities(self):
        return [query["q"] for query in self.requests]

    @property
    def weather_url(self):
        return self.url("/data/2.5/weather")

    @property
    def options(self):
        """What a server needs to ask here."""
        return {"OPENWEATHER_API_KEY": self.key, "WEATHER_API_URL": self.weather_url}

    def choose(self, path):
        query = query_of(path)
        if urlsplit(path).path != "/data/2.5/weather":
            return answer({"cod": "404", "message": "Internal error"}, 404)
        if query.get("appid") != self.key:
            return answer(WRONG_KEY, 401)
        return self.answers.get(query.get("q"), self.usual)


def query_of(path):
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
